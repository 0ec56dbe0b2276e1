# For a fresh machine with Python 3.11 or newer:
#     make demo    sets up, makes the demo data, runs the notebooks
#     make test    sets up, runs all tests
#     make docs    sets up, builds the documentation in outputs/docs
# LOCKED=1 installs exactly the versions of .requirements.lock.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NOTEBOOKS := 00_quick_start 01_data 02_purification 03_encoder 04_fusion \
	05_training 06_analysis 07_report 08_readings 09_own_model

.PHONY: setup lock demo test test-cluster docs benchmark lint clean

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --requirement requirements.txt \
		$(if $(LOCKED),--constraint .requirements.lock)
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# What is installed now becomes what LOCKED=1 installs.
lock: setup
	$(BIN)/python -m pip freeze --exclude-editable > .requirements.lock

demo: setup
	$(BIN)/camgr data demo
	$(BIN)/camgr notebook $(NOTEBOOKS) -p dataset demo

# With the light extras, so that their tests run too.
test: setup
	$(BIN)/python -m pip install --quiet --editable ".[index,search]"
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Those that start Ray on this machine.
test-cluster: setup
	$(BIN)/python -m pip install --quiet --editable ".[cluster]"
	$(BIN)/python -m pytest -m "cluster and not long"

# Warnings are errors; the notebooks are shown as they were executed.
docs: setup
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	$(BIN)/python -m sphinx -W --keep-going -q -b html -c notebooks/site \
		notebooks outputs/docs
	@echo outputs/docs/site/index.html

# Hours for all models and sizes; its options measure parts.
benchmark: setup
	$(BIN)/camgr bench

lint: setup
	$(BIN)/python -m pip install --quiet "ruff>=0.17,<1"
	$(BIN)/ruff format --check camgr_tf tests
	$(BIN)/ruff check camgr_tf tests

clean:
	rm -rf $(VENV) outputs/notebooks outputs/figures
