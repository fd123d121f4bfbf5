# Every target works from a bare clone: nothing is assumed but make and Python 3.11 or newer (and npm for the tests
# that speak with clients from npm; without it `make test` says what it leaves out).

# The first of these that is new enough; `make PYTHON=/path/to/python3.12 install` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
NPM := $(shell command -v npm 2>/dev/null)
# The console is built by Node 20.19 or newer; empty where there is none.
NODE := $(shell node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	>/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && command -v node)
ROUNDS ?= 200
# The tests start some hundred servers: each that has to compile its modules takes twice as long.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install dev interop run web console webtests webcheck shots test check format bench chaos clean

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(VENV)/.installed ## Make .venv with ensue in it

run: install console ## Serve on 127.0.0.1:4122
	@exec $(BIN)/ensue serve

web: console ## Build the console into src/ensue/static
	@[ -n "$(NODE)" ] || exit 1

test: dev interop console webtests ## Run all tests
	$(BIN)/pytest -n 2 --dist loadgroup

check: dev webcheck ## Lint, format, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: dev ## Let ruff repair and format what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: dev ## Measure against the goals, at most ten minutes
	$(BIN)/python -m bench

chaos: dev ## Kill the server ROUNDS times under load (default 200) and print the table
	$(BIN)/python -m tests.acceptance.chaos --rounds $(ROUNDS)

shots: dev web ## Take pictures of the console's screens into build/shots
	$(BIN)/python -m tests.browser.shots

clean: ## Remove what the targets made
	rm -rf $(VENV) web/node_modules web/src/generated src/ensue/static build/shots tests/interop/node_modules tests/dialects/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

dev: $(VENV)/.installed-dev

interop: tests/interop/node_modules/.installed tests/dialects/clients/node_modules/.installed

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Ensue needs Python 3.11 or newer; python3 here is: $$(python3 --version 2>&1)." >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 install" >&2; exit 1; fi
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make $(VENV); on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# The stamps are newer than pyproject.toml when what it asks for is installed, so a second run costs nothing.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

# No package may run a script of its own here: none of them needs to.
tests/%/node_modules/.installed: tests/%/package.json tests/%/package-lock.json
ifdef NPM
	cd $(@D)/.. && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@
else
	@echo "npm is not installed: the tests that speak with clients from npm cannot run (.ci/run installs it)." >&2
endif

# The console. Without Node everything else works, and the page at / says the same as this.
ifdef NODE
WEB_SOURCES := $(shell find web/src web/public web/scripts -type f -not -path 'web/src/generated/*') \
	web/index.html web/vite.config.ts web/svelte.config.js web/package-lock.json

console: src/ensue/static/index.html

src/ensue/static/index.html: $(WEB_SOURCES) | web/node_modules/.installed
	cd web && npm run --silent build
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

web/src/generated/.made: src/ensue/dialects/native/*.py src/ensue/http/openapi.py web/scripts/*.mjs web/src/parts/icons.txt | \
		web/node_modules/.installed dev
	cd web && ENSUE_PYTHON=$(abspath $(BIN)/python) npm run --silent generate
	@touch $@

webcheck: web/src/generated/.made
	cd web && npm run --silent check

webtests: web/node_modules/.installed
	cd web && npm test --silent
else
console webcheck webtests:
	@echo "Node 20.19 or newer with npm is not installed: the console is neither built nor tested; the API works without." >&2
endif
