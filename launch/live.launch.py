"""From a camera, file or stream, or a robot's own images, to /emotions."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument

from fer_ros.apps.launching import common_arguments, fastdds_profile, pipeline


def generate_launch_description():
    """Return the live pipeline."""
    return LaunchDescription([
        DeclareLaunchArgument(
            'source', default_value='',
            description='Camera (0, /dev/video2), video, image, folder, rtsp:// or http:// stream, sample, or auto: the camera '
            "if one opens, else the sample; empty: the config's."),
        DeclareLaunchArgument(
            'loop', default_value='false', choices=['true', 'false'],
            description='Begin a file again at its end.'),
        *common_arguments(use_sim_time='false'),
        *fastdds_profile(),
        pipeline(with_camera=True),
    ])
