# Needs Python 3.11-3.13 and make; everything else is set up here.
PYTHON ?= python3
# uv from the PATH if there is one, else one of our own in .tools.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := .venv/bin/python -m
# What runs koubei, and with it what tests it: the demo does not wait for the tools of developers.
RUNS := .venv/.runs
STAMP := .venv/.synced

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types bench

help:  ## show the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-7s %s\n", $$1, $$2}'

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	    { echo 'koubei needs Python 3.11-3.13: make $(MAKECMDGOALS) PYTHON=python3.12' >&2; exit 1; }
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet uv

# The locked versions and hashes, from whichever index is set (UV_DEFAULT_INDEX): `uv sync` knows only the one
# that the lock was made with, and a mirror would not do.
define install
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(UV) export --quiet --frozen --extra embedded --no-emit-project $(1) --output-file .venv/locked.txt
	$(UV) pip $(2) .venv/locked.txt --python .venv
	$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@
endef

$(RUNS): pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	$(call install,--no-dev,install --requirements)

$(STAMP): pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	$(call install,,sync)
	@touch $(RUNS)

setup: $(STAMP)  ## make the locked environment in .venv

demo: $(RUNS)  ## play a product launch with a complaint crisis and show it on a page
	$(RUN) streams up --demo

test: $(STAMP)  ## run every test this machine can run
	$(RUN) pytest

lint: $(STAMP)  ## style, import rules, lock
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	.venv/bin/lint-imports
	$(UV) lock --check --quiet

types: $(STAMP)  ## mypy, strict
	$(RUN) mypy

bench: $(STAMP)  ## measure beside the alternatives and write docs/benchmarks.md
	$(UV) run --locked --project bench python -m bench
