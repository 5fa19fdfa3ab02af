# All tasks; each target sets up its own environment if needed. `make` alone prints the list.

.DEFAULT_GOAL := help
.PHONY: help run test fast coverage check format generate demo bench migration psql lock clean
.SUFFIXES:

BIN := .venv/bin
# The stamps contain a checksum of the path: a moved or copied environment is installed again.
PATH_SUM := $(shell printf %s "$$PWD" | cksum | cut -d' ' -f1)
RUNTIME := .venv/.runtime-$(PATH_SUM)
DEV := .venv/.dev-$(PATH_SUM)

# `make coverage` sets it; `make test` runs plain pytest.
MEASURE :=

help:  ## this list
	@echo 'ESTİM – targets (PYTHON=… chooses the Python, ESTIM_PORT=… the port):'
	@sed -n 's/^\([a-z]*\):.*##/  make \1\t/p' Makefile | expand -t 18

run: $(RUNTIME)  ## start everything here: PostgreSQL, Valkey, API, worker; Ctrl-C stops it
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/estim up

test: $(DEV)  ## all tests (ARGS=… for pytest)
	@$(BIN)/python $(MEASURE) -m pytest -n 2 --dist worksteal $(ARGS)

fast: $(DEV)  ## the tests that need no server, in seconds (ARGS=… for pytest)
	@PYTHONDONTWRITEBYTECODE= ESTIM_HYPOTHESIS_PROFILE=fast $(BIN)/python -m pytest -q -n 2 --dist worksteal -m 'not server' -p no:schemathesis $(ARGS)

coverage: $(DEV)  ## all tests, and the share of branches that they run; fails below the minimum in pyproject.toml
	@$(BIN)/coverage erase
	@$(MAKE) --no-print-directory test MEASURE='-m coverage run'
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: $(DEV)  ## format, lint, names, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/python scripts/check_names.py
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV)  ## format the code, and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

generate: $(DEV)  ## write .env.example and the state diagram again, from the code
	@$(BIN)/python -m scripts.env_example
	@$(BIN)/python -m scripts.state_diagram

demo: $(RUNTIME)  ## a month of a city in a minute, with temporary data
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/python -m demo

bench: $(DEV)  ## measure intake, sweep, recompute and delivery; results in bench/results
	@exec $(BIN)/python -I -S app/core/embedded/die_with_parent.py $$PPID 9 - $(BIN)/python -m bench $(ARGS)

migration: $(DEV)  ## draft the next migration from the tables in the code: make migration name="add a column"
	@file=$$($(BIN)/python -m scripts.new_migration "$(name)") && $(BIN)/ruff check --quiet --fix-only $$file && \
		$(BIN)/ruff format --quiet $$file && echo "$$file: read it, then make test ARGS=tests/test_migrations.py"

psql: $(RUNTIME)  ## psql on the database of the running stack (ARGS=… for psql)
	@exec $(BIN)/python -m scripts.psql $(ARGS)

lock: $(DEV)  ## resolve pyproject.toml into the two lock files
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		--python-version 3.11 --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:  ## remove .venv and caches; the data in .estim stay
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find . -name __pycache__ -type d -not -path './.estim/*' -prune -exec rm -rf {} +

$(RUNTIME): requirements.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh runtime
	@touch $@

$(DEV): requirements-dev.lock requirements.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh dev
	@touch $(RUNTIME) $@
