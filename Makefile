# Every target sets up what it needs; the second time that is quick.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup demo test test-nightly goldens bench check lock clean

help:      ## list the targets
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: .venv/dev.stamp    ## make .venv with mlx-relay, fake-mlx and the tools

demo: .venv/service.stamp    ## run the relay against recorded MLX streams, no Mac needed
	@$(BIN)/mlx-relay demo

test: .venv/dev.stamp    ## run the tests
	@scripts/system-packages
	@$(BIN)/pytest

test-nightly: .venv/dev.stamp    ## run the slow tests, and the laws with many examples
	@HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -m nightly
	@HYPOTHESIS_PROFILE=nightly $(BIN)/pytest tests/unit/pipeline/families/test_laws.py

goldens: .venv/dev.stamp    ## write the golden events of all cassettes anew, and show what changed
	@WRITE_GOLDENS=1 $(BIN)/pytest -q -s tests/replay/test_goldens.py

bench: .venv/dev.stamp    ## measure the fake (punctual, fast) and the parsers (bytes per second)
	@$(BIN)/python loadtests/bench/fake.py
	@$(BIN)/python loadtests/bench/parsers.py

check: .venv/dev.stamp    ## format, lint, types, import rules
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/mypy --platform darwin
	@$(BIN)/lint-imports

lock:      ## pin the requirements anew, with hashes, for macOS and Linux
	@scripts/lock

clean:     ## remove what the other targets made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "mlx-relay needs Python 3.11 or newer: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/service.stamp: requirements/service.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/service.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/service.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
