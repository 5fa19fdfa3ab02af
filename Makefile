# All tasks; each target sets up its own environment if needed. `make` alone prints the list.

.DEFAULT_GOAL := help
.PHONY: help run test check demo bench lock clean
.SUFFIXES:

BIN := .venv/bin
# The stamps contain a checksum of the path: a moved or copied environment is installed again.
PATH_SUM := $(shell printf %s "$$PWD" | cksum | cut -d' ' -f1)
RUNTIME := .venv/.runtime-$(PATH_SUM)
DEV := .venv/.dev-$(PATH_SUM)

help:  ## this list
	@echo 'ESTİM – targets (PYTHON=… chooses the Python, ESTIM_PORT=… the port):'
	@sed -n 's/^\([a-z]*\):.*##/  make \1\t/p' Makefile | expand -t 16

run: $(RUNTIME)  ## start everything here: PostgreSQL, Valkey, API, worker; Ctrl-C stops it
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/estim up

test: $(DEV)  ## all tests (ARGS=… for pytest)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(DEV)  ## format, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

demo: $(RUNTIME)  ## a month of a city in a minute, with temporary data
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/python -m demo

bench: $(DEV)  ## measure intake, sweep, recompute and delivery; results in bench/results
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/python -m bench $(ARGS)

lock: $(DEV)  ## resolve pyproject.toml into the two lock files
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## remove .venv and caches; the data in .estim stay
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.estim/*' -prune -exec rm -rf {} +

$(RUNTIME): requirements.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh runtime
	@touch $@

$(DEV): requirements-dev.lock requirements.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh dev
	@touch $(RUNTIME) $@
