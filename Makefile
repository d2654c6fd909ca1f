# `make help` says what there is. tools/setup.sh makes the environment, tools/env.sh enters it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help live bench test test-fast lint setup setup-train lock clean

SOURCE ?=
CONFIG ?=
ARGS ?=
# Handed on by the environment, where no character in them means anything to a shell.
export PYTHON FER_ROS_VENV SOURCE CONFIG

ENTER = . tools/env.sh

help:
	@echo 'make live [SOURCE=…] [CONFIG=…] [ARGS=…]  show the emotions of the faces before a camera'
	@echo '     SOURCE  0, /dev/video2, a video, an image, a folder of images, rtsp://…, http://… or sample'
	@echo '     CONFIG  a YAML file of parameters instead of config/live.yaml'
	@echo '     ARGS    more options, such as ARGS="--duration 5 --record out.mp4"; ARGS=--help lists them'
	@echo 'make test [ARGS=…]    run all tests, side by side; ARGS go to pytest, such as ARGS="-k tracker"'
	@echo 'make test-fast        run the tests for daily work: without .venv-train, data sets and slow tests'
	@echo 'make bench            measure quality and speed beside other pipelines; tables, and JSON and PNG in build/bench'
	@echo '     FER_ROS_DATA     the folder of the data sets; without it only what comes with the project is looked at'
	@echo 'make lint             check style, types and the rules of ament'
	@echo 'make setup            only make the environment in .venv (live, test and lint do so by themselves)'
	@echo 'make setup-train      make .venv-train with TensorFlow, which fer train, fer export and the bench need'
	@echo 'make lock             choose all package versions anew from requirements/*.txt'
	@echo 'make clean            remove all that was made'
	@echo 'PYTHON=/path/to/python3.12 chooses the Python (3.10 to 3.12) that the environment is made from.'

# On a terminal Ctrl-C must not reach make, which would then report it as a failure: fer gets a process group of
# its own (set -m). Elsewhere it takes the shell's place, so that it gets the signals that make hands on. SIGINT is
# ignored until fer itself says what it does, because Python would print a traceback.
live: setup
	@$(ENTER) || exit; trap '' INT; \
	set -- -m fer_ros live $${SOURCE:+--source "$$SOURCE"} $${CONFIG:+--config "$$CONFIG"} $(ARGS); \
	{ : < /dev/tty; } 2> /dev/null || exec python "$$@"; \
	set -m; FER_ROS_PARENT=$$$$ python "$$@"; code=$$?; exit $$code

# worksteal: each process runs neighbouring tests, which share what they prepare.
PYTEST = python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test: setup setup-train
	@$(ENTER) && exec $(PYTEST) $(ARGS)

test-fast: setup
	@$(ENTER) && unset FER_ROS_DATA && exec $(PYTEST) -m 'not slow and not tensorflow' $(ARGS)

# Scoring identities and finding faces by MTCNN need packages that only the training's environment has.
bench: setup setup-train
	@$(ENTER) || exit; train="$$VIRTUAL_ENV-train/bin/python"; \
	for part in quality speed ros; do \
	  python=python; [ $$part != quality ] || python=$$train; \
	  "$$python" -m fer_ros bench $$part --json build/bench/$$part.json --plot build/bench/$$part.png || code=1; \
	done; exit $$code

lint: setup
	@$(ENTER) && ruff check . && mypy && shellcheck -x tools/*.sh .ci/run

setup:
	@tools/setup.sh

setup-train:
	@tools/setup.sh train

lock:
	@tools/setup.sh lock

clean:
	rm -rf .venv .venv-train build install log .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
