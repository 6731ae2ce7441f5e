# `make` alone lists the commands.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .cache/bench
SITE := _build/html
TAKE_AWAY := _build/backpropagation-you-can-run

.DEFAULT_GOAL := help
.PHONY: help book pdf zip test versions mutants bench lab execute clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What the site is made from, as one checksum: contents, names, addresses, and the commit that the pages' dates come
# from; no dates of files. It is kept in the site only after a build that succeeded, so a failed one fails again, and a
# page that is gone counts as a change.
PAGES := index.md chapters images references.bib backprop_lib
FINGERPRINT = { \
	find . -type d \( -name '.?*' -o -name '_build' -o -name '__pycache__' -o -name '*.egg-info' -o -name htmlcov \
	  -o -path ./tests -o -path ./tools -o -path ./benchmarks -o -path ./binder \) -prune \
	  -o -type f ! -name '.*' -exec cksum {} + | LC_ALL=C sort -k 3; \
	env | grep '^BOOK_' | LC_ALL=C sort; git config --get remote.origin.url; git symbolic-ref refs/remotes/origin/HEAD; \
	git rev-parse --is-shallow-repository; git log -1 --format=%H -- $(PAGES); git status --porcelain -- $(PAGES); \
	} 2>/dev/null | cksum

book: $(VENV)/.complete ## build the website, with every warning an error, and print the path to open
	@mkdir -p _build && $(FINGERPRINT) > _build/inputs
	@if cmp -s _build/inputs $(SITE)/.inputs && test -f $(SITE)/index.html; then \
	  echo "Nothing changed since the last build."; else \
	  rm -rf $(SITE) _build/.doctrees _build/jupyter_execute && \
	  $(BIN)/jupyter-book build . -n -W --keep-going && cp _build/inputs $(SITE)/.inputs; fi
	@echo "Open $(CURDIR)/$(SITE)/index.html"

pdf: book ## print the whole book into one PDF (a minute, needs Chromium or Chrome)
	@$(BIN)/python tools/book_pdf.py $(SITE) $(TAKE_AWAY).pdf
	@echo "Open $(CURDIR)/$(TAKE_AWAY).pdf"

zip: book ## pack the website for reading from a folder, without a server
	@$(BIN)/python tools/book_zip.py $(SITE) $(TAKE_AWAY).zip
	@echo "Unpack $(CURDIR)/$(TAKE_AWAY).zip and open its index.html"

# One thread for matrix products: the matrices of the book are small, and threads that wait for one another do so in a loop.
test lab: export OPENBLAS_NUM_THREADS = 1
test: book ## check everything: style, imports, unit tests, every notebook, the website in a browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --skip-covered

versions: ## run tests and notebooks with the oldest and newest Python, NumPy, Matplotlib (half an hour, in .cache)
	$(PYTHON) tools/versions.py

mutants: $(VENV)/.complete ## change the package step by step and see whether its tests notice (ten minutes)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r tools/mutation-requirements.txt
	$(BIN)/python tools/mutation.py

bench: $(PEERS).complete ## compare speed with PyTorch and others, in benchmarks/RESULTS.md (some minutes, once a download)
	$(PEERS)/bin/python -m benchmarks

lab: $(VENV)/.complete ## open the lessons in JupyterLab
	$(BIN)/jupyter lab --config=tools/jupyter_lab_config.py chapters

execute: $(VENV)/.complete ## run every notebook and save its outputs
	$(BIN)/python tools/execute.py

clean: ## remove what was built and downloaded for it, all but the environment in .venv
	rm -rf _build .cache .coverage .hypothesis .pytest_cache .ruff_cache .import_linter_cache .mypy_cache

# An environment without `.complete` is what an interrupted run left: it is made anew.
$(VENV)/.complete: requirements.txt pyproject.toml
	@test -f $@ || rm -rf $(VENV)
	@rm -f $@
	@$(MAKE) --no-print-directory $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	@touch $@

# What the benchmarks compare with stays out of the book's own environment.
$(PEERS).complete: benchmarks/requirements.txt
	rm -rf $(PEERS)
	@$(MAKE) --no-print-directory VENV=$(PEERS) $(PEERS)/bin/python
	$(PEERS)/bin/python -m pip install --disable-pip-version-check --quiet -r benchmarks/requirements.txt
	@touch $@

# Some systems ship Python without ensurepip; pip can then put itself into the environment from outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " \
	  + sys.version.split()[0] + "; name another: make book PYTHON=python3.12")'
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $@ install --disable-pip-version-check --quiet pip; \
	else $(PYTHON) -m virtualenv --quiet $(VENV) || \
	  { echo "$(PYTHON) has neither ensurepip nor pip nor virtualenv: install one of them" >&2; exit 1; }; fi
