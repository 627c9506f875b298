# Every target sets up what it needs by itself: .venv from requirements.lock, again when one of them changes.
# Another Python for the set-up: make run PYTHON=/path/to/python3.12

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/set-up.stamp
# JupyterLab's extension takes Node to build, so only what shows or tests it asks for it.
LAB := extensions/lab
LAB_STAMP := $(VENV)/lab-extension.stamp
LAB_SOURCES := $(wildcard hatch_build.py extensions/server/*/* extensions/voila/templates/*/* notebooks/apps notebooks/apps/* \
	$(addprefix $(LAB)/,*.json .npmrc schema/* style/* src src/* src/*/* src/*/*/* src/*/*/*/*))
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14

.DEFAULT_GOAL := help
.PHONY: help run test test-all test-quick test-lab lab lab-extension api check format bench docs pictures lock set-up

help: ## show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

run: $(STAMP) ## run the worked example from raw data to a registered model
	@$(BIN)/studio run churn

test: $(STAMP) $(LAB_STAMP) ## pass the tests, but for those that take longest
	$(BIN)/python -m tools.lab test size
	$(BIN)/pytest -n 2 --dist loadfile -m "not heavy"

test-all: $(STAMP) $(LAB_STAMP) ## pass all tests, with branch coverage
	$(BIN)/python -m tools.lab test size
	$(BIN)/pytest -n 2 --dist loadfile --cov

test-quick: $(STAMP) ## pass the tests that take no more than a few seconds each
	$(BIN)/pytest -n 2 --dist loadfile -q -m "not slow and not heavy"

test-lab: $(STAMP) ## pass the tests of the extension for JupyterLab, and hold its size
	$(BIN)/python -m tools.lab test size

lab: $(STAMP) $(LAB_STAMP) ## open JupyterLab on this workspace (as root in a container: make lab ARGS=--allow-root)
	@$(BIN)/studio lab $(ARGS)

lab-extension: $(STAMP) ## build the extension for JupyterLab and install it
	@STUDIO_REQUIRE_LAB=1 $(BIN)/python tools/set_up.py --extension

api: $(STAMP) ## write the types of the server's routes for the Lab extension
	@$(BIN)/python -m tools.api

check: $(STAMP) ## check format, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tools.lab check

format: $(STAMP) ## put the code into its format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/python -m tools.lab format

bench: $(STAMP) $(LAB_STAMP) ## measure the speeds that are promised
	$(BIN)/python -m tests.benchmarks

docs: pictures ## take its pictures anew, and build the documentation in site/
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -b html docs site
	@echo "The documentation starts at site/index.html"

pictures: $(STAMP) $(LAB_STAMP) ## take the pictures of the documentation, where there is a browser
	STUDIO_PICTURES="$(CURDIR)/docs/pictures" $(BIN)/pytest -n 0 -q tests/browser/test_story.py tests/browser/test_widget_pages.py

lock: $(STAMP) ## pin what pyproject.toml asks for (newer versions: make lock UPGRADE=--upgrade)
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --group docs --group build --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --quiet $(UPGRADE) --output-file requirements.lock

set-up: $(STAMP) $(LAB_STAMP) ## make or mend .venv, and nothing else

$(LAB_STAMP): $(LAB_SOURCES) $(STAMP)
	@$(BIN)/python tools/set_up.py --extension

$(STAMP): requirements.lock pyproject.toml tools/set_up.py $(BIN)/python
	@for python in $(PYTHONS); do \
		if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			exec $$python tools/set_up.py; \
		fi; \
	done; \
	echo "Studio needs Python 3.11 or newer with its venv module, and found none among: $(PYTHONS)." \
		"Next: install one (Debian: apt install python3 python3-venv; macOS: brew install python)," \
		"or name one: make PYTHON=/path/to/python3" >&2; \
	exit 1

# No recipe: a .venv whose interpreter is gone (or was replaced) makes the stamp old.
$(BIN)/python: ;
