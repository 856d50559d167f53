# What everyone does with this project. From nothing: `make run`, then open the address it prints.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= python3
PORT ?= 8000
SERVER ?= daphne
WORKERS ?= 3
PARALLEL ?= 3
BROWSER ?= 1
# Set on the command line as well as in the environment, they reach the commands below.
export PORT SERVER BROWSER

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check --no-input
FAST := $(wildcard tests/sim tests/protocol tests/rooms tests/matching)
DATA := $(wildcard tests/lobby tests/games)
JS := $(wildcard tests/js/*.test.mjs)

.PHONY: help run cluster test check fast js e2e chaos browser bench bench-full format clean

help:
	@echo "make run     a game server at http://127.0.0.1:8000 (PORT, SERVER=uvicorn, REDIS_URL, DATABASE_URL)"
	@echo "make cluster three workers with Redis, PostgreSQL and nginx (WORKERS=5, SERVER=daphne, NGINX=0)"
	@echo "make test    the whole suite (BROWSER=0 leaves the browser out); make fast: the pure floors alone"
	@echo "make check   format, lint, types, imports, migrations, deployment"
	@echo "make bench   what a client costs, beside Colyseus and a tutorial's server; bench-full: all else too"
	@echo "make e2e     the browser tests alone;  make format"
	@echo "make chaos   faults at real processes, drawn from SEED; RUNS, SECONDS of each, ROOMS, PAUSE='5 7',"
	@echo "             KINDS=kill,drain, DATABASE=postgres, RESULTS=file to go on with, and to sum up"

# --- Environment --------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is needed, and '$(PYTHON)' is none; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing what Evertick runs on …"
	@$(PIP) -r requirements.txt || { echo "pip could not install requirements.txt; see above" >&2; exit 1; }
	@touch $@

$(VENV)/.installed-tests: tests/requirements.txt requirements.txt | $(VENV)/bin/python
	@echo "Installing what Evertick runs on and what the tests need …"
	@$(PIP) -r requirements.txt -r tests/requirements.txt || \
	  { echo "pip could not install requirements.txt and tests/requirements.txt; see above" >&2; exit 1; }
	@touch $(VENV)/.installed $@

# --- Run ----------------------------------------------------------------------------------------

run: $(VENV)/.installed
	@exec $(PY) manage.py serve --prepare

# Redis and PostgreSQL come from the tests' wheels where none are installed. SERVER is uvicorn here,
# unless it was set elsewhere than above.
cluster: $(VENV)/.installed-tests
	@exec $(PY) manage.py cluster --workers $(WORKERS) $(if $(filter 0,$(NGINX)),--no-nginx) \
	  --server $(if $(filter file,$(origin SERVER)),uvicorn,$(SERVER))

# ARGS go to both, such as ARGS='--contender evertick --runs 1' or ARGS=--resume; see bench/README.md.
bench: $(VENV)/.installed-tests
	@$(PY) -m bench.run $(ARGS)

bench-full: $(VENV)/.installed-tests
	@$(PY) -m bench.run --full $(ARGS)

# --- Test ---------------------------------------------------------------------------------------

# What asks the database runs on PostgreSQL as well, and first, so that the last line counts the whole
# suite. It runs in some processes: much of it waits for servers and browsers. PARALLEL=0 makes it one.
SHARED = -n $(PARALLEL) --dist worksteal

test: $(VENV)/.installed-tests browser js
	@echo "The data layer on PostgreSQL:"
	@$(PY) -m pytest -q $(SHARED) --database=postgres $(DATA)
	@echo "Everything, on SQLite:"
	@$(PY) -m pytest $(SHARED)

fast: $(VENV)/.installed-tests js
	@$(PY) -m pytest -q $(FAST)

e2e: $(VENV)/.installed-tests browser
	@$(PY) -m pytest tests/e2e

chaos: $(VENV)/.installed-tests
	@$(PY) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) \
	  $(if $(SECONDS),--seconds $(SECONDS)) $(if $(ROOMS),--rooms $(ROOMS)) $(if $(PAUSE),--pause $(PAUSE)) \
	  $(if $(KINDS),--kinds '$(KINDS)') $(if $(DATABASE),--database $(DATABASE)) \
	  $(if $(RESULTS),--results $(RESULTS))

browser: $(VENV)/.installed-tests
	@[ "$(BROWSER)" = 0 ] || $(PY) -m tests.browser

js:
	@if node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; \
	  then [ -z "$(JS)" ] || node --test $(JS); \
	  else echo "No node 18 or newer: the JavaScript unit tests (tests/js) are left out"; fi

# --- Check --------------------------------------------------------------------------------------

# A key for Django's own check of it alone; the server makes its own.
CHECK_KEY = $(shell $(PY) -c 'import secrets; print(secrets.token_urlsafe(48))')

check: $(VENV)/.installed-tests
	@$(PY) -m ruff format --check --quiet . || { echo "not formatted: make format" >&2; exit 1; }
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(PY) manage.py makemigrations --check --dry-run
	@SECURE=1 SECRET_KEY="$(CHECK_KEY)" $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -m pytest -q tests/gameserver/test_versions.py

format: $(VENV)/.installed-tests
	@$(PY) -m ruff format --quiet .
	@$(PY) -m ruff check --fix --quiet .

clean:
	rm -rf $(VENV) var staticfiles .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
