# Everything is made in .venv from requirements.txt (pinned); `make lock` makes that anew from pyproject.toml.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
JOBS   ?= auto
# Tests wait for disks, other processes and answers about half of their time: two workers keep a core busy.
WORKERS ?= $(if $(filter auto,$(JOBS)),$(shell echo $$(( 2 * $$(getconf _NPROCESSORS_ONLN) ))),$(JOBS))
SAFETY ?= tests/safety
# Where bytecode may not be kept, each of the many processes compiles all of sigctl, and each worker rewrites the tests anew.
export PYTHONDONTWRITEBYTECODE =

.DEFAULT_GOAL = help
.PHONY: help venv demo test test-safety mutants lint judges check bench bench-mirror docs lock clean

help: ## show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.made: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "sigctl needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

venv: $(VENV)/.made ## make the virtual environment

demo: venv ## run the main job on the embedded forges
	$(BIN)/python tests/scenarios/demo.py

test: venv ## run the tests, offline
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not judge and not slow and not safety and not live"

lint: venv ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

judges: venv ## hold adapters and sandbox to descriptions and suites that others wrote (fetches them once)
	$(BIN)/python tests/judges/fetch.py
	$(BIN)/python -m pytest -q -n $(JOBS) -m judge

test-safety: venv ## crash tables, storms, generated pairs: every case, a line for each invariant
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist load --maxschedchunk 1 --timeout 1800 -m safety $(SAFETY)

mutants: venv ## change the code that decides, line by line, and list the changes that no test sees (docs/mutants.md; long)
	$(BIN)/pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<4'
	$(BIN)/mutmut run --max-children 2 'sigctl.core.events.*'
	cd mutants && PYTHONPATH=tests $(abspath $(BIN))/python -m pytest -s -q -p no:cacheprovider -p mutants_run --rootdir=. \
		-m "not safety" tests/core tests/test_executor.py
	$(BIN)/python tests/mutants_report.py

test-pagure: venv ## run a real Pagure, and the contract and the main job on it (root, Debian)
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadfile -m live --timeout 600 tests/live

test-slow: venv ## the long property tests, and what is too long for every run
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -q -n $(JOBS) tests/laws
	$(BIN)/python -m pytest -q -n $(JOBS) -m "slow and not live" --timeout 1800

check: lint test judges ## all of the above

bench: venv ## print the figures that docs/ quotes
	for file in bench/*.py; do $(BIN)/python $$file || exit 1; done

bench-mirror: venv ## the figures of docs/mirroring.md, against git's own commands in the same run
	for file in bench/mirror_*.py; do $(BIN)/python $$file || exit 1; done

docs: venv ## write the generated reference
	$(BIN)/python -m sigctl.cli.reference docs/reference

lock: ## pin what pyproject.toml asks for
	rm -rf .lock && $(PYTHON) -m venv .lock
	.lock/bin/pip install --quiet --upgrade 'pip>=25.1'
	.lock/bin/pip install --quiet 'setuptools>=77' '.[sandbox]' --group test --group lint
	.lock/bin/pip freeze --all --exclude sigctl --exclude pip > requirements.txt
	rm -rf .lock

clean: ## remove what make made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
