# The contents page. Each target sets up what it needs; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

help: ## show this help
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: .venv/ready ## the main job: the seesaw follows a simulated market (ARGS="--headless --for 60 --json")
	@$(BIN)/seesaw run $(ARGS)

test: .venv/ready ## every test, on both engines
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest $(ARGS)

bench: .venv/ready ## speed and memory, as ratios taken in one run
	@$(BIN)/seesaw bench $(ARGS)

clean: ## remove what was built
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seesaw needs Python 3.11 or newer; try make PYTHON=python3.11")'
	@echo "setting up .venv (once, about a minute) ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip --disable-pip-version-check install -q -e '.[dev]'
	@touch $@

.PHONY: help run test bench clean
