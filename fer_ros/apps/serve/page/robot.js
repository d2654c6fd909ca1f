// The robot's tab. Without ROS it says how to get it.

import {element} from './dom.js';

export function showRobot(target, access) {
  if (!access.has_robot) {
    target.replaceChildren(element('div', {className: 'prose card'},
      element('h2', {textContent: 'No robot is connected'}),
      element('p', {textContent: 'This tab shows a running ROS 2 graph: emotions, the overlay, and the state of each node. Start the service where ROS 2 and fer_ros are sourced:'}),
      element('pre', {tabIndex: 0, textContent: 'make serve ARGS=--ros        # in a checkout\nfer serve --ros              # in a ROS 2 workspace'}),
      element('p', {textContent: 'It finds the nodes that ros2 launch fer_ros live.launch.py or fer live have started.'})));
  }
}
