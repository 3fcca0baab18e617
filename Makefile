# make run   the main job: real scenarios from data to evidence, with a report; ends by itself
# make test  every test; installs what it needs
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: run test check bench serve clean
run: $(VENV)/.demo
	$(BIN)/qianhang demo

test: $(VENV)/.dev
	BIN=$(BIN) scripts/test.sh

check: $(VENV)/.dev
	BIN=$(BIN) scripts/check.sh

bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

serve:
	@echo "The console is not built yet: see the table of parts in docs/architecture.md."

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/pip:
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/need-venv.sh
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[demo]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/pip pyproject.toml
	$(BIN)/pip install --quiet --editable '.[all,dev]'
	touch $@
	touch $(VENV)/.demo
