# make run   the main job: real scenarios from data to evidence, with a report; ends by itself
# make test  every test; installs what it needs
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The dairy model pins numpy below 2, so the extra `feed` has an environment of its own.
FEED := .venv-feed
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: run test check bench extras serve clean
run: $(VENV)/.demo
	$(BIN)/qianhang demo

test: $(VENV)/.dev $(FEED)/.dev
	BIN=$(BIN) FEED=$(FEED)/bin scripts/test.sh

check: $(VENV)/.dev
	BIN=$(BIN) scripts/check.sh

bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

extras:
	scripts/extras.sh

serve:
	@echo "The console is not built yet: see the table of parts in docs/architecture.md."

clean:
	rm -rf $(VENV) $(FEED) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/pip $(FEED)/bin/pip:
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/need-venv.sh
	$(PYTHON) -m venv $(@D)/..

$(VENV)/.demo: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --no-compile --editable '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --no-compile --editable '.[all,dev]'
	touch $@
	touch $(VENV)/.demo

$(FEED)/.dev: $(FEED)/bin/pip pyproject.toml
	$(FEED)/bin/pip install --quiet --no-compile --editable '.[feed,dev]'
	touch $@
