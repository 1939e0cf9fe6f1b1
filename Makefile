# Everything that one does with this project; `make help` lists it. Needs make and any Python from 3.10 to 3.13.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Say PYTHON=/path/to/python3 to choose one; otherwise the newest that works (a pyenv shim may be there and not run).
PYTHON ?= $(shell scripts/find-python.sh)

.PHONY: help venv test nightly kube-servers test-kubernetes lint format demo demo-down bench lock clean

help:  ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

venv: $(STAMP)  ## Make the environment in .venv, once; again when the lock changes

$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.10 to 3.13 found: install one, or say make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "venv: making $(VENV) with $$($(PYTHON) --version) ($(PYTHON))"
	@$(PYTHON) -m venv --clear $(VENV)
	@echo "venv: installing the locked packages (about 150; a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@echo "venv: installing convoy from include/"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
	@echo "venv: ready"

test: venv  ## Run the tests: the core, and end to end with a real Airflow and real processes
	@echo "test: everything that needs nothing but Python; tests that need more skip and say what"
	@$(BIN)/python -m pytest -m "not nightly" $(ARGS)

nightly: venv  ## Compare the planner with brute force on 10,000 random systems per property (hours on one core)
	@CONVOY_PROPERTY_EXAMPLES=$${CONVOY_PROPERTY_EXAMPLES:-10000} $(BIN)/python -m pytest tests/planning $(ARGS)

kube-servers:  ## Find the servers of a Kubernetes control plane, or build them once (needs Go; about ten minutes)
	@scripts/build-kube-servers.sh

test-kubernetes: venv kube-servers  ## Run the tests that need a Kubernetes control plane
	@CONVOY_REQUIRE_KUBERNETES=1 $(BIN)/python -m pytest tests/kubernetes tests/targets/kubernetes tests/conformance $(ARGS)

lint: venv  ## Check style, types and the arrows between the layers
	@echo "lint: ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "lint: mypy" && $(BIN)/mypy
	@echo "lint: import-linter" && $(BIN)/lint-imports

format: venv  ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

demo: venv  ## Roll a shop of real processes forward and back on this machine
	@$(BIN)/convoy demo $(ARGS)

demo-down:  ## Stop whatever the demo started, and delete its data
	@if [ -x $(BIN)/convoy ]; then $(BIN)/convoy down --purge; else echo "demo-down: nothing was installed here"; fi

bench: venv  ## Measure: planning, parsing, memory, latency
	@for file in tests/benchmarks/bench_*.py; do echo "bench: $$file"; $(BIN)/python -m tests.benchmarks.$$(basename $$file .py) || exit 1; done

lock: venv  ## Make the lock files again from the requirements (needs a network)
	@scripts/lock.sh $(BIN)/python

clean: demo-down  ## Stop what runs, and delete the environment and the caches
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
