"""From the images of a bag to /emotions: run `ros2 bag play BAG --clock` beside it."""

from launch import LaunchDescription

from fer_ros.apps.launching import common_arguments, fastdds_profile, pipeline


def generate_launch_description():
    """Return the pipeline without a camera, on the bag's time."""
    return LaunchDescription([
        *common_arguments(use_sim_time='true'),
        *fastdds_profile(),
        pipeline(with_camera=False),
    ])
