# The images of fer_ros: `serve` (the default: the web service, without ROS) and `ros` (the nodes). docs/container.md
# explains them.
#
#   docker build --tag fer_ros:serve .
#   docker build --tag fer_ros:ros --target ros .
#
# Settings of pip, such as another package index, are given as a secret: --secret id=pip.conf,src=/etc/pip.conf
ARG DEBIAN_IMAGE=debian:bookworm-slim
ARG ROS_IMAGE=ros:jazzy


# ROS: the nodes on the official image.

FROM ${ROS_IMAGE} AS ros-build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv
WORKDIR /ws
COPY requirements src/fer_ros/requirements
# Without a display, OpenCV needs neither Qt nor OpenGL. Without cv_bridge (it brings a second OpenCV of 1 GB), the nodes
# convert images with this one.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv --system-site-packages /opt/fer \
 && sed --in-place 's/^opencv-contrib-python==/opencv-contrib-python-headless==/' src/fer_ros/requirements/run.txt \
 && /opt/fer/bin/pip install --no-cache-dir --constraint src/fer_ros/requirements/lock/main.txt \
    --requirement src/fer_ros/requirements/run.txt
COPY LICENSE NOTICE package.xml setup.cfg setup.py src/fer_ros/
COPY config src/fer_ros/config
COPY fer_msgs src/fer_ros/fer_msgs
COPY fer_ros src/fer_ros/fer_ros
COPY launch src/fer_ros/launch
COPY models src/fer_ros/models
COPY resource src/fer_ros/resource
# The virtual environment's Python builds, so that the nodes start with it.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    . "/opt/ros/$ROS_DISTRO/setup.sh" \
 && . /opt/fer/bin/activate \
 && python -m colcon build --base-paths src/fer_ros src/fer_ros/fer_msgs --install-base /opt/fer_ros --merge-install \
    --cmake-args -DBUILD_TESTING=OFF \
 && . /opt/fer_ros/setup.sh \
 && ros2 run fer_ros fer models --fetch

FROM ${ROS_IMAGE} AS ros
LABEL org.opencontainers.image.title="fer_ros" \
      org.opencontainers.image.description="Facial emotion recognition: the ROS 2 nodes" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=ros-build /opt/fer /opt/fer
COPY --from=ros-build /opt/fer_ros /opt/fer_ros
COPY LICENSE NOTICE /usr/share/doc/fer_ros/
COPY --chmod=755 tools/container_ros.sh /usr/local/bin/fer_ros
# Numbers of faces (track_id) and log files; a volume keeps them.
RUN mkdir /var/lib/fer_ros && chown 1000:1000 /var/lib/fer_ros
ENV ROS_HOME=/var/lib/fer_ros \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1
# Group 44 is `video` on Debian and Ubuntu: it may open cameras.
USER 1000:44
ENTRYPOINT ["fer_ros"]
CMD ["ros2", "launch", "fer_ros", "live.launch.py"]


# The web service.

FROM ${DEBIAN_IMAGE} AS python
RUN apt-get update \
 && apt-get upgrade --yes \
 && apt-get install --yes --no-install-recommends python3 \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

FROM python AS serve-build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv
WORKDIR /src
COPY requirements requirements
# Also for what pip builds fer_ros with.
ENV PIP_CONSTRAINT=/src/requirements/lock/main.txt
# Without a display, OpenCV needs neither Qt nor OpenGL.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv /opt/fer \
 && sed --in-place 's/^opencv-contrib-python==/opencv-contrib-python-headless==/' requirements/run.txt \
 && /opt/fer/bin/pip install --no-cache-dir --requirement requirements/run.txt --requirement requirements/serve.txt
COPY LICENSE NOTICE package.xml setup.cfg setup.py ./
COPY config config
COPY fer_ros fer_ros
COPY launch launch
COPY models models
COPY resource resource
# pip is needed until the networks are there.
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /opt/fer/bin/pip install --no-cache-dir --no-deps --use-pep517 . \
 && /opt/fer/bin/fer models --fetch \
 && /opt/fer/bin/pip uninstall --yes pip setuptools

FROM python AS serve
LABEL org.opencontainers.image.title="fer_ros" \
      org.opencontainers.image.description="Facial emotion recognition: the web service" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=serve-build /opt/fer /opt/fer
COPY LICENSE NOTICE /usr/share/doc/fer_ros/
COPY tools/container_health.py /opt/fer/
ENV PATH=/opt/fer/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-I", "/opt/fer/container_health.py"]
ENTRYPOINT ["fer"]
# Outside of the container is another machine for the service, so that it needs a token.
CMD ["serve", "--host", "0.0.0.0", "--token-file", "/run/secrets/token"]
