# Two commands for a newcomer: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: help demo test test-fast lint format performance mutants clean

help:
	@echo "make demo         install, then regenerate D2SM Table 1 in the smoke profile (minutes)"
	@echo "make test         install what the tests need and run them all"
	@echo "make test-fast    the same without the slow ones"
	@echo "make lint         formatting, linter and type checker"
	@echo "make performance  print the ratios of tests/performance, and which of them miss their goal"
	@echo "make mutants      change the code of the engine and of declarations, see what no test notices"
	@echo "                  (hours; MUTANTS='benchmarks.engine.store*' for a part)"
	@echo "make clean        remove the virtual environment; results stay"

$(VENV)/installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --disable-pip-version-check -q -r requirements.txt
	touch $@

$(VENV)/installed-tests: $(VENV)/installed tests/requirements.txt
	$(VENV)/bin/pip install --disable-pip-version-check -q -r tests/requirements.txt
	touch $@

demo: $(VENV)/installed
	$(RUN) reproduce.py --table d2sm_table1

# Two processes, a file of tests at a time: on two cores that is faster than two threads.
PYTEST := $(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test: $(VENV)/installed-tests
	$(PYTEST)

test-fast: $(VENV)/installed-tests
	$(PYTEST) -m "not slow"

lint: $(VENV)/installed-tests
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

format: $(VENV)/installed-tests
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

performance: $(VENV)/installed-tests
	$(RUN) tests/performance

$(VENV)/installed-mutants: $(VENV)/installed-tests tests/mutants-requirements.txt
	$(VENV)/bin/pip install --disable-pip-version-check -q -r tests/mutants-requirements.txt
	touch $@

# A forked process that has OpenMP's threads hangs.
mutants: $(VENV)/installed-mutants
	OMP_NUM_THREADS=1 $(RUN) -m mutmut run --max-children 2 $(foreach name,$(MUTANTS),'$(name)')
	$(RUN) tests/mutants.py

clean:
	rm -rf mutants $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
