# `make help` lists the targets. tools/setup.sh makes the environment, tools/env.sh enters it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help live desktop serve image bench test test-fast test-newest lint setup setup-train setup-windows lock clean

SOURCE ?=
CONFIG ?=
ARGS ?=
# Passed through the environment, where no character in them has a meaning for a shell.
export PYTHON FER_ROS_VENV ROS_WHEELS SOURCE CONFIG

ENTER = . tools/env.sh

help:
	@echo 'make live [SOURCE=…] [CONFIG=…] [ARGS=…]  show the emotions of the faces in front of a camera'
	@echo '     SOURCE  0, /dev/video2, a video, an image, a folder of images, rtsp://…, http://… or sample'
	@echo '     CONFIG  a YAML file of parameters instead of config/live.yaml'
	@echo '     ARGS    more options, for example ARGS="--duration 5 --record out.mp4"; ARGS=--help lists them'
	@echo 'make desktop [SOURCE=…] [CONFIG=…] [ARGS=…]  open a window for cameras, videos and pictures; SOURCE as above'
	@echo 'make serve [CONFIG=…] [ARGS=…]  serve a web page for cameras, pictures and videos; ARGS="--port 8080"; ARGS=--help'
	@echo 'make image [TARGET=ros] [ARGS=…]  build the container of the web service or of the ROS nodes, and list its packages'
	@echo 'make test [ARGS=…]    run all tests in parallel; ARGS go to pytest, for example ARGS="-k tracker"'
	@echo 'make test-fast        run the tests for daily work: no .venv-train, no data sets, no slow tests'
	@echo 'make test-newest      run the fast tests that need no ROS with the newest Python and packages, in .venv-newest'
	@echo 'make bench            compare quality and speed with other pipelines, and count the work; tables, and JSON and PNG files in build/bench'
	@echo '     FER_ROS_DATA     the folder of the data sets; without it only the files of the project are used'
	@echo 'make lint             check style, types, shell scripts and the rules of ament'
	@echo 'make setup            make the environment in .venv; live, test and lint do it automatically'
	@echo 'make setup-train      make .venv-train with TensorFlow, for fer train, fer export and make bench'
	@echo 'make lock             update requirements/lock: the newest versions that fit requirements/*.txt'
	@echo 'make clean            remove everything that was made'
	@echo 'ROS_WHEELS=kilted uses the wheels of ROS 2 Kilted instead of Jazzy, in .venv-kilted.'
	@echo 'PYTHON=/path/to/python3.12 selects the Python (3.10 to 3.12) for the environment.'

# On a terminal Ctrl-C must not reach make, because make would report a failure: fer gets its own process group
# (set -m). Without a terminal fer replaces the shell, so that it receives the signals that make passes on. SIGINT is
# ignored until fer installs its handler, because Python would print a traceback.
define START
	@$(ENTER) || exit; trap '' INT; \
	set -- -m fer_ros $@ $${SOURCE:+--source "$$SOURCE"} $${CONFIG:+--config "$$CONFIG"} $(ARGS); \
	{ : < /dev/tty; } 2> /dev/null || exec python "$$@"; \
	set -m; FER_ROS_PARENT=$$$$ python "$$@"; code=$$?; exit $$code
endef

live: setup
	$(START)

desktop: setup
	@tools/setup.sh windows
	$(START)

serve: setup
	$(START)

image:
	@tools/image.sh $(or $(TARGET),serve) $(ARGS)

# worksteal: each process runs neighbouring tests, which share their fixtures.
PYTEST = python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test: setup setup-train setup-windows
	@$(ENTER) && exec $(PYTEST) $(ARGS)

test-fast: setup
	@$(ENTER) && unset FER_ROS_DATA && exec $(PYTEST) -m 'not slow and not tensorflow' $(ARGS)

# It uses no ROS.
test-newest:
	@tools/test_newest.sh

# The identity scores and MTCNN need packages that only .venv-train has.
bench: setup setup-train
	@$(ENTER) || exit; train="$$VIRTUAL_ENV-train/bin/python"; \
	for part in quality speed ros work; do \
	  python=python; [ $$part != quality ] || python=$$train; \
	  "$$python" -m fer_ros bench $$part --json build/bench/$$part.json --plot build/bench/$$part.png || code=1; \
	done; exit $$code

lint: setup
	@$(ENTER) && ruff check . && mypy && shellcheck -x tools/*.sh .ci/run

setup:
	@tools/setup.sh

# Tests with windows need Xvfb and Tk, those of the web page Chromium; where these cannot be installed, the tests are
# skipped and say so.
setup-windows: setup
	@tools/setup.sh test-windows || true
	@tools/setup.sh test-browser || true

setup-train:
	@tools/setup.sh train

lock:
	@tools/setup.sh lock

clean:
	rm -rf .venv .venv-* build install log .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
