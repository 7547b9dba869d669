# One door: `make help` lists everything, and CI calls the same targets.
PYTHON ?= python3
BIN := .venv/bin
SHARED ?= ../shared
.DEFAULT_GOAL := help
export DO_NOT_TRACK = 1
export PREFECT_SERVER_ANALYTICS_ENABLED = false

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Compiled here: a process starts in half the time, also where Python may not write bytecode by itself.
$(BIN)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { echo "Truecount needs Python 3.11, 3.12 or 3.13; say which: make PYTHON=python3.12 ..."; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet uv || true
	if test -x $(BIN)/uv; then VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet -r requirements.lock --no-deps && VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps -e .; \
	else $(BIN)/python -m pip install --quiet --no-deps -r requirements.lock && $(BIN)/python -m pip install --quiet --no-deps -e .; fi
	$(BIN)/python -m compileall -q -j 2 .venv/lib contract domain connectors store reports expectations tasks flows sandbox >/dev/null || true
	touch $@

setup: $(BIN)/.ready ## Make the environment from the lock file

lock: setup ## Pin every dependency anew (requirements.lock)
	$(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url --all-extras -q pyproject.toml -o requirements.lock

demo: setup ## Run the main job against the sandbox, on real baskets
	$(BIN)/truecount demo

check: setup ## Format, lint, types, layers, spec tests, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m docs.build --check

docs: setup ## Write the generated docs
	$(BIN)/python -m docs.build
	$(BIN)/python -m tests.domain.read_order

format: setup ## Let ruff format and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

browser: ## Debian's Chromium, which the tests of pages drive
	@command -v chromium >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	|| { echo "The tests of pages need the command chromium, which only root can install here: apt-get install chromium"; exit 2; }

test: setup browser ## Every test, on SQLite and on a real PostgreSQL server
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

bench: setup ## Measures, as ratios against references in the same run (about half an hour)
	$(BIN)/python -W ignore -m benchmarks.compute --growth --folder benchmarks
	$(BIN)/python -W ignore -m benchmarks.incremental
	$(BIN)/python -W ignore -m benchmarks.publish_calls
	$(BIN)/python -W ignore -m benchmarks.publish_rate
	$(BIN)/python -W ignore -m benchmarks.orders --orders 100 --faults
	$(BIN)/python -W ignore -m benchmarks.reconciling
	$(BIN)/python -W ignore -m benchmarks.garbled
	$(BIN)/python -W ignore -m benchmarks.serials
	$(BIN)/python -W ignore -m benchmarks.suites
	$(BIN)/python -W ignore -m benchmarks.drift_kinds
	$(BIN)/python -W ignore -m benchmarks.clean_days

conformance: setup ## The sandbox and the parsers against recordings (needs SHARED=../shared)
	$(BIN)/python -m tests.conformance $(SHARED)

clean: ## Remove what the targets made
	rm -rf .venv .demo build *.egg-info .mypy_cache .ruff_cache .pytest_cache

.PHONY: bench browser docs help setup lock demo check format test conformance clean
