# Everything here works in a fresh clone with Python 3.11 (with venv) and make; `make` explains itself.

# Give PYTHON=… to choose one; else the first of these that is new enough and has venv.
PYTHON ?=
PYTHONS := $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install --quiet
UV := uv pip compile pyproject.toml --group build --universal --python-version 3.11.2 \
      --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint soak bench lock clean

help:  ## show this
	@echo "Appointments and queues for immigration offices."
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    while IFS='|' read -r goal text; do printf '  make %-7s %s\n' "$$goal" "$$text"; done
	@echo
	@echo 'Options of a command go into ARGS: make demo ARGS="--port 8080 --speed 1"'

demo: $(VENV)/.demo  ## start two offices that live by themselves, on port 8000; Ctrl-C ends them
	@exec $(VENV)/bin/queue-service demo $(ARGS)

test: $(VENV)/.test  ## lint, types, import rules and every test, with real servers and a browser
	@exec $(PY) -m tests.run $(ARGS)

lint: $(VENV)/.test  ## only lint, types and import rules
	@exec $(PY) -m tests.run lint

soak: $(VENV)/.test  ## the property and fault tests at length (half an hour)
	@exec $(PY) -m tests.run soak

bench: $(VENV)/.test  ## measure the figures of the README: race, book, availability, fanout, sharing
	@for name in race book availability fanout sharing; do \
	    $(VENV)/bin/queue-service bench $$name $(ARGS) || exit; done

lock:  ## compile the lock files anew from pyproject.toml (needs uv)
	@$(UV) --extra demo --output-file requirements.lock
	@$(UV) --extra test --constraint requirements.lock --output-file requirements-test.lock

clean:  ## remove the virtual environment, the demo's data and all caches
	@for place in $$(find .demo -name elsewhere -type l 2>/dev/null); do \
	    rm -rf "$$(readlink "$$place")"; done
	@rm -rf $(VENV) .demo .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@old=''; lacking=''; \
	for name in $(PYTHONS); do \
	    "$$name" -c '' 2>/dev/null || continue; \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { old=$$name; continue; }; \
	    "$$name" -c 'import ensurepip, venv' 2>/dev/null || { lacking=$$name; continue; }; \
	    echo "Making a virtual environment in $(VENV) with $$("$$name" --version) …"; \
	    "$$name" -m venv --clear $(VENV) && exit 0; \
	    rm -rf $(VENV); echo "$$name could not make $(VENV)."; exit 1; \
	done; \
	if [ "$$lacking" ]; then \
	    echo "$$lacking has no venv. Install it and start again:"; \
	    echo "    apt-get install python3-venv"; \
	elif [ "$$old" ]; then \
	    echo "$$old is $$("$$old" --version), but Python 3.11 or newer is needed:"; \
	    echo "    apt-get install python3 python3-venv"; \
	else \
	    echo "No Python was found. Install 3.11 or newer and start again:"; \
	    echo "    apt-get install python3 python3-venv"; \
	fi; exit 1

$(VENV)/.demo: requirements.lock pyproject.toml | $(PY)
	@echo "Installing the packages of requirements.lock (once) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-test.lock $(VENV)/.demo
	@echo "Installing the packages of requirements-test.lock (once) …"
	@$(PIP) --require-hashes -r requirements-test.lock
	@touch $@
