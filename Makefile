# `make` alone lists the commands. GNU make passes over the next three lines; BSD's own make stops there.
ifdef BSD:
.error "make" means GNU make here. It is often called gmake: gmake book
endif

PYTHON ?= python3
# `make zip PYTHON=1` means Python in the zip, not a program of that name.
ifeq ($(PYTHON),1)
override PYTHON := python3
WITH_PYTHON := --python
endif
VENV := .venv
BIN := $(VENV)/bin
PEERS := .cache/bench
SITE := _build/html
TAKE_AWAY := _build/backpropagation-you-can-run

# Personal settings of Python and of Matplotlib stay outside: they would change what is imported, run and drawn.
unexport $(filter-out PYTHON,$(filter PYTHON%,$(.VARIABLES)))
export MATPLOTLIBRC := /dev/null

.DEFAULT_GOAL := help
.PHONY: help book serve pdf zip test check versions hub mutants bench lab execute clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What the site is made from, as one checksum: contents, names, addresses, and the commit that the pages' dates come
# from; no dates of files. It is kept in the site only after a build that succeeded, so a failed one fails again, and a
# page that is gone counts as a change.
PAGES := index.md chapters images references.bib backprop_lib backprop_book
FINGERPRINT = { \
	find . -type d \( -name '.?*' -o -name '_build' -o -name '__pycache__' -o -name '*.egg-info' -o -name htmlcov \
	  -o -path ./tests -o -path ./tools -o -path ./benchmarks -o -path ./binder -o -path ./hub \) -prune \
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
	@echo "To run its cells, too: make serve"
	@echo "Open $(CURDIR)/$(SITE)/index.html"

serve: book ## serve the website on this machine, where every cell of a lesson has a Run button
	@$(BIN)/python tools/serve.py $(SITE)

pdf: book $(VENV)/.pdf ## print the whole book into one PDF (a minute, needs Chromium or Chrome)
	@$(BIN)/python tools/book_pdf.py $(SITE) $(TAKE_AWAY).pdf
	@echo "Open $(CURDIR)/$(TAKE_AWAY).pdf"

zip: book ## pack the website for reading from a folder; with PYTHON=1 for running, too, from a server
	@$(BIN)/python tools/book_zip.py $(SITE) $(TAKE_AWAY).zip $(WITH_PYTHON)
	@echo "Unpack $(CURDIR)/$(TAKE_AWAY).zip and open its index.html"

# One thread for matrix products: the matrices of the book are small, and threads that wait for one another do so in a loop.
test check lab: export OPENBLAS_NUM_THREADS = 1
PYTEST := $(BIN)/python -m pytest --numprocesses=logical --dist=loadfile
define STYLE
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/lint-imports
	$(BIN)/mypy
endef

# Coverage, which a workflow asks for, takes a minute more.
test: book ## check everything: style, imports, unit tests, every notebook, the website in a browser
	$(STYLE)
	$(PYTEST) tests/engine tests/book $(if $(CI),--cov --cov-report=term:skip-covered)
	$(PYTEST) --ignore=tests/engine --ignore=tests/book

# The tests of notebooks take one lesson each by its name.
check: $(VENV)/.complete ## check a change to the library; with LESSON=03_derivation, one to that lesson (a minute)
	$(STYLE)
	$(PYTEST) tests/engine tests/test_documentation.py tests/test_public_api.py $(if $(LESSON), \
	  chapters/$(LESSON).ipynb $(wildcard tests/book/lesson_$(firstword $(subst _, ,$(LESSON)))) tests/book/exercises \
	  tests/notebooks -k "not notebooks or $(LESSON) or on_its_page or teaching_page")

versions: $(VENV)/.complete ## run tests and notebooks with the oldest and newest Python, NumPy, Matplotlib (half an hour, in .cache)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/uv tool run nox==2026.10.20

hub: STUDENTS ?= 30
hub: LESSON ?= 03_derivation
hub: EXERCISE ?= 3.4
hub: $(VENV)/.complete ## have thirty students work on a JupyterHub at once (ten minutes, in .cache)
	$(BIN)/python -m tools.hub_rehearsal $(STUDENTS) $(LESSON) $(EXERCISE) $(PYTHON)

mutants: $(VENV)/.complete ## change the engine step by step and list what its tests do not notice (ten minutes)
	$(BIN)/python tools/environment.py --add tools/mutation-requirements.txt
	OPENBLAS_NUM_THREADS=1 PYTHONHASHSEED=0 $(BIN)/mutmut run
	$(BIN)/mutmut results

bench: $(PEERS)/.complete ## compare speed with PyTorch and others, in benchmarks/RESULTS.md (some minutes, once a download)
	$(PEERS)/bin/python -m benchmarks

# Jupyter refuses to run as root unless it is allowed to; in a container there often is nobody else.
lab: $(VENV)/.complete ## open the lessons in JupyterLab
	@test "$$(id -u)" != 0 || echo "You are root, and so is everything that a notebook runs."
	$(BIN)/jupyter lab $$(test "$$(id -u)" != 0 || echo --allow-root) chapters

execute: $(VENV)/.complete ## run every notebook and save its outputs
	$(BIN)/python tools/execute.py

clean: ## remove what was built and downloaded for it, all but the environment in .venv
	rm -rf _build .cache .coverage .hypothesis .pytest_cache .ruff_cache .import_linter_cache .mypy_cache

# An environment holds absolute paths. The file `.complete` in it names the folder where it was made: in another one,
# renamed or copied, it counts as not made.
made_here = $(shell test "$$(cat $(1)/.complete 2>/dev/null)" = "$$(pwd -P)" && echo yes)
.PHONY: $(foreach environment,$(VENV) $(PEERS),$(if $(call made_here,$(environment)),,$(environment)/.complete))

$(VENV)/.complete: requirements.txt pyproject.toml
	$(PYTHON) tools/environment.py $(VENV) requirements.txt

# What the benchmarks compare with stays out of the book's own environment.
$(PEERS)/.complete: benchmarks/requirements.txt
	$(PYTHON) tools/environment.py $(PEERS) benchmarks/requirements.txt

# Not every system has a build of what only the PDF needs.
$(VENV)/.pdf: tools/pdf-requirements.txt $(VENV)/.complete
	$(BIN)/python tools/environment.py --add tools/pdf-requirements.txt
	@touch $@
