# Every target sets up what it needs; the second time that is quick.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup demo webui test test-nightly test-mlx goldens event-types bench bench-parsers load soak check check-deploy lock clean

help:      ## list the targets
	@sed -n 's/^\([a-z-]*\): .*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: .venv/dev.stamp    ## make .venv with mlx-relay, fake-mlx and the tools

demo: .venv/service.stamp webui    ## run the relay against recorded MLX streams, no Mac needed
	@$(BIN)/mlx-relay demo

webui: .venv/service.stamp    ## build the chat page, if its sources changed
	@$(BIN)/python hatch_build.py

# One more than there are processors: a test waits for its servers for a quarter of its time.
TESTERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

test: .venv/dev.stamp webui    ## run the tests
	@scripts/system-packages
	@$(BIN)/pytest -n $(TESTERS) --maxprocesses 4 --dist loadfile

FUZZED := tests/unit/pipeline/test_sse.py tests/unit/pipeline/test_pipeline.py tests/unit/web/test_strict_json.py \
    tests/unit/web/test_host_names.py tests/unit/web/test_allowed_hosts.py tests/unit/web/test_naughty_strings.py \
    tests/unit/auth/test_token_fuzz.py tests/integration/test_openapi.py
test-nightly: .venv/dev.stamp    ## run the slow tests, and the laws with many examples
	@HYPOTHESIS_PROFILE=nightly $(BIN)/pytest -m nightly --timeout 3600
	@HYPOTHESIS_PROFILE=nightly $(BIN)/pytest --timeout 3600 tests/unit/pipeline/families/test_laws.py $(FUZZED)

test-mlx: .venv/dev.stamp .venv-mlx/mlx.stamp    ## record a real mlx_lm.server and replay it
	@$(BIN)/pytest -m mlx tests/mlx

goldens: .venv/dev.stamp    ## write the golden events of all cassettes anew, and show what changed
	@WRITE_GOLDENS=1 $(BIN)/pytest -q -s tests/replay/test_goldens.py

event-types: .venv/service.stamp    ## write the JSON schema of the typed events, and the page's types
	@scripts/event-schema
	@$(BIN)/python hatch_build.py npm run --silent event-types

bench: .venv/dev.stamp    ## measure what a token costs, against nginx and a naive design; the fake; the sinks
	@$(BIN)/python loadtests/bench/fake.py
	@$(BIN)/python loadtests/bench/sinks.py
	@$(BIN)/python loadtests/bench/overhead.py

bench-parsers: .venv/dev.stamp    ## measure every format: bytes per second, and a token against no parser
	@$(BIN)/python loadtests/bench/parsers.py

load: .venv/dev.stamp    ## a minute of load as users make it: thresholds, a table, build/load/report.html
	@$(BIN)/python loadtests/run.py $(LOAD)

SOAK_MINUTES ?= 60
soak: .venv/dev.stamp    ## the same for SOAK_MINUTES=60: memory and open files must stay flat
	@$(BIN)/python loadtests/run.py --shape soak --seconds $$(($(SOAK_MINUTES) * 60)) $(LOAD)

check: .venv/dev.stamp    ## format, lint, types, import rules, the page's types and tests
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/mypy --platform darwin
	@$(BIN)/lint-imports
	@$(BIN)/python hatch_build.py npm run --silent check
	@$(BIN)/python hatch_build.py npm test --silent

check-deploy: .venv-deploy/deploy.stamp    ## lint docs/deploy: hadolint, the schemas of compose and of Kubernetes
	@.venv-deploy/bin/hadolint docs/deploy/Dockerfile
	@.venv-deploy/bin/check-jsonschema --builtin-schema vendor.compose-spec docs/deploy/compose.yaml
	@.venv-deploy/bin/kubernetes-validate --strict docs/deploy/kubernetes.yaml

lock:      ## pin the requirements anew, with hashes, for macOS and Linux
	@scripts/lock

clean:     ## remove what the other targets made
	rm -rf .venv .venv-mlx .venv-deploy .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist build \
	    service/webui/node_modules tests/node_sdks/node_modules service/mlx_relay/web/static

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

.venv-mlx/mlx.stamp: requirements/mlx.txt
	$(PYTHON) -m venv .venv-mlx
	.venv-mlx/bin/pip install --quiet --disable-pip-version-check -r requirements/mlx.txt
	@touch $@

.venv-deploy/deploy.stamp: requirements/deploy.txt
	$(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/pip install --quiet --disable-pip-version-check -r requirements/deploy.txt
	@touch $@
