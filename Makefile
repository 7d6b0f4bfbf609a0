# Needs Python 3.11-3.13 and make; everything else is set up here.
PYTHON ?= python3
# uv from the PATH if there is one, else one of our own in .tools.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := .venv/bin/python -m
STAMP := .venv/.synced

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types rooms bench

help:  ## show the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-7s %s\n", $$1, $$2}'

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet uv

$(STAMP): pyproject.toml uv.lock | $(filter .tools/bin/uv,$(UV))
	$(UV) sync --locked --extra embedded --python $(PYTHON)
	@touch $(STAMP)

setup: $(STAMP)  ## make the locked environment in .venv

demo: $(STAMP)  ## play a product launch with a complaint crisis and show it on a page
	$(RUN) streams up --demo

test: $(STAMP)  ## run every test this machine can run
	$(RUN) pytest

lint: $(STAMP)  ## style and import rules
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	.venv/bin/lint-imports

types: $(STAMP)  ## mypy, strict
	$(RUN) mypy

bench: $(STAMP)  ## measure beside the alternatives and write docs/benchmarks.md
	$(UV) run --locked --project bench python -m bench
