# make run   the main job: real scenarios from data to evidence, with a report; ends by itself
# make test  every test; installs what it needs
# make ray   the Ray driver against a real Ray: 90 s and 382 MB to install, then some five minutes
# make serve the console on what make run left, at http://127.0.0.1:8017; SERVE="--port 9000" and so on
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The dairy model pins numpy below 2, so the extra `feed` has an environment of its own.
FEED := .venv-feed
RAY := .venv-ray
ASSETS := src/qianhang/web/static/vendor/lock.sha256
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
# Images for containers often set it. Every job, command and worker would then compile what it
# imports, since pip has not done so: four seconds of CPU each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test services check bench extras ray chaos vouchers serve clean
run: $(VENV)/.demo
	$(BIN)/qianhang demo

# Once there is a Python with venv, the environments and the system services are fetched at once.
test: $(VENV)/bin/pip $(FEED)/bin/pip
	$(MAKE) --no-print-directory --jobs 2 $(VENV)/.dev $(FEED)/.dev services
	BIN=$(BIN) FEED=$(FEED)/bin scripts/test.sh

services:
	scripts/services.sh

check: $(VENV)/.dev
	BIN=$(BIN) scripts/check.sh

bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

ray: $(VENV)/.dev $(RAY)/.ray
	QIANHANG_RAY=$(CURDIR)/$(RAY)/bin/ray $(BIN)/python -m pytest -s -m ray tests/compute tests/runs

# A million random deeds on vouchers, every invariant checked: about twenty minutes of one core.
vouchers: $(VENV)/.dev
	$(BIN)/python bench/vouchers.py --deeds 1000000

# As root, with Slurm installed: 10,000 jobs, the door killed 50 times, controllers 10, nodes 20.
chaos: $(VENV)/.dev
	$(BIN)/python -m qianhang.testing.chaos 10000 50 10 20 7200

extras:
	scripts/extras.sh

# The store is the one that `make run` filled. The assets come with the installation; where no
# registry answered then, they are tried again.
serve: $(VENV)/.web $(ASSETS)
	$(BIN)/qianhang serve $(SERVE)

clean:
	rm -rf $(VENV) $(FEED) $(RAY) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/pip $(FEED)/bin/pip $(RAY)/bin/pip:
	$(PYTHON) -c 'import ensurepip' 2>/dev/null || scripts/need-venv.sh
	$(PYTHON) -m venv $(@D)/..

$(VENV)/.demo: $(VENV)/bin/pip pyproject.toml
	scripts/install.sh $(VENV) '.[demo]'
	touch $@

$(VENV)/.web: $(VENV)/bin/pip pyproject.toml
	scripts/install.sh $(VENV) '.[demo,web]'
	touch $@
	touch $(VENV)/.demo

$(ASSETS): frontend/package-lock.json | $(VENV)/.web
	$(BIN)/pip install --quiet --no-compile --no-deps --editable .
	@test ! -f $@ || touch $@

$(VENV)/.dev: $(VENV)/bin/pip pyproject.toml
	scripts/install.sh $(VENV) '.[all,dev]'
	touch $@
	touch $(VENV)/.demo $(VENV)/.web

# After the other one, whose build fetches the console's files for both.
$(FEED)/.dev: $(FEED)/bin/pip pyproject.toml | $(VENV)/.dev
	scripts/install.sh $(FEED) '.[feed,test]'
	touch $@

$(RAY)/.ray: $(RAY)/bin/pip
	$(RAY)/bin/pip install --quiet --no-compile 'ray[default]==2.60.*'
	touch $@
