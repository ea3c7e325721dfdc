# `make help` lists the targets. Everything runs in the project's own virtual environment, .venv.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help install demo test proofs durations lint attacks versions container clusters adapting fuzz release data bench clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

install: $(INSTALLED)  ## create .venv and install the package into it

demo: $(INSTALLED)  ## all of it once: release, class, data, training
	$(BIN)/autograder demo

# more processes than two cores, because sandboxed code often sleeps; so each computes in one thread
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 3 --dist worksteal

test: lint  ## lint and tests, in minutes
	$(PYTEST) --junitxml out/durations/test.xml

proofs: $(INSTALLED)  ## the tests that take longer; CI runs `make test proofs`
	$(PYTEST) -m proof --junitxml out/durations/proofs.xml

durations: test proofs  ## run both and write their durations into benchmarks/RESULTS.md
	$(BIN)/python benchmarks/durations.py

lint: $(INSTALLED)  ## style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

attacks: $(INSTALLED)  ## every attack, by every road, in both sandboxes; an hour
	[ -e data/train_32x32.mat ] || $(BIN)/autograder data --synthetic
	$(BIN)/python tests/attacks

versions: $(INSTALLED)  ## Python 3.11 to 3.13, oldest and newest packages
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/versions.py

container: $(INSTALLED)  ## the steps of docs/Containerfile; as root, minutes
	$(BIN)/python tests/install/container.py

clusters: $(INSTALLED)  ## the recipes of docs/clusters.md on one machine; minutes
	$(BIN)/python -m pip install --quiet --editable '.[recipes]'
	$(BIN)/python tests/install/clusters.py

adapting: $(INSTALLED)  ## every change of docs/adapting.md, used; ten minutes
	$(BIN)/python -m pytest -m 'proof or not proof' tests/problem_1/test_adapting.py

fuzz: $(INSTALLED)  ## a million hostile inputs for the readers; ten minutes
	$(BIN)/python benchmarks/fuzz.py --inputs 1000000

release: $(INSTALLED)  ## build release/ and verify it
	$(BIN)/autograder release

data: $(INSTALLED)  ## draw the synthetic twin of SVHN into data/
	$(BIN)/autograder data --synthetic

bench: $(INSTALLED)  ## measure every claim, in hours; writes benchmarks/RESULTS.md
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	[ -e data/train_32x32.mat ] || $(BIN)/autograder data --synthetic
	@failed=; for script in $(filter-out %/results.py %/durations.py %/replays.py,$(wildcard benchmarks/*.py)) benchmarks/replays.py; do \
		echo "$$script"; $(BIN)/python $$script || failed="$$failed $$script"; \
	done; [ -z "$$failed" ] || { echo "short of their targets, or ended early:$$failed"; exit 1; }

clean:  ## remove the environment and what runs leave behind
	rm -rf .venv out gradebook.db .hypothesis .pytest_cache .ruff_cache
