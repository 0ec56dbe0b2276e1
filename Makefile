# Two commands for a fresh machine with Python 3.11 or newer:
#     make demo    sets up, makes the demo data, runs the six notebooks
#     make test    sets up, runs all tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NOTEBOOKS := 01_data 02_purification 03_encoder 04_fusion 05_training 06_analysis

.PHONY: setup demo test notebooks benchmark lint clean

setup: $(VENV)/.installed

$(VENV)/.installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

demo: setup
	$(BIN)/camgr data demo
	$(BIN)/camgr notebook $(NOTEBOOKS) -p dataset demo

# With the light extras, so that their tests run too.
test: setup
	$(BIN)/python -m pip install --quiet --editable ".[index,search]"
	$(BIN)/python -m pytest -n 2 --dist loadfile

# Hours for all models and sizes; its options measure parts.
benchmark: setup
	$(BIN)/camgr bench

lint: setup
	$(BIN)/python -m pip install --quiet "ruff>=0.17,<1"
	$(BIN)/ruff format --check camgr_tf tests
	$(BIN)/ruff check camgr_tf tests

clean:
	rm -rf $(VENV) outputs/notebooks outputs/figures
