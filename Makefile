PYTHON ?= python3
RUN := .venv/bin/python
CHOSEN = $(if $(TARGETS),--targets "$(TARGETS)") $(if $(STATE),--state "$(STATE)")

# Tests and stacks start many interpreters: each would compile all of it anew. `make clean` removes what is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo up clouds test e2e large chaos crash tools conformance bench bench-registry bench-host setup clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   push, retag and delete images in a local source cloud and watch them arrive in two others"
	@echo "make up     the same clouds and the app, kept running: prints endpoints, credentials and a line to try"
	@echo "make clouds the clouds without the app: prints what 'func start' needs"
	@echo "              TARGETS=N (1 to 8) and STATE=DIR go with both; each state folder has ports of its own"
	@echo "make test   style, types and the test suite"
	@echo "make e2e    the tests of app and host as running processes; FUNCTIONS=2.3.0 takes that version of azure-functions for it"
	@echo "make large  the tests of a size that make test leaves out: 10,000 events, 10,000 instances, 10 MB values"
	@echo "make tools  build the registry clients and the conformance suite, which are in Go, and install Azurite, into .tools"
	@echo "make conformance  judge a local cloud's registry by the OCI distribution conformance suite"
	@echo "make bench  what the app costs and how fast it is, each figure with its bar, into bench/results.md; BENCH=quick is two minutes"
	@echo "make bench-registry  push and pull two gigabytes through a local cloud's registry, beside others that are installed"
	@echo "make bench-host  how fast the local host is, beside the SDK without any host: rates, latencies, whose CPU it is, memory, timers"
	@echo "make crash  kill the local host at each of its fail points, and compare what comes of it; TENTH=now takes every tenth"
	@echo "make chaos  do thousands of things to the source while everything fails, and judge what the targets hold in the end;"
	@echo "              SEED=N OPS=2000 TARGETS=3, SCALE=20 (how fast time runs), DROP=0.02 (events that are lost)"
	@echo "make clean  remove .venv, tools, caches and the state of the local clouds"

setup:
	@$(PYTHON) devkit/setup_venv.py

demo: setup
	@$(RUN) -m devkit demo

up: setup
	@exec $(RUN) -m devkit up $(CHOSEN)

clouds: setup
	@exec $(RUN) -m devkit clouds $(CHOSEN)

test: setup
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy
	@$(RUN) -m pytest -n logical --dist loadfile -m "not large"

e2e:
	@$(PYTHON) devkit/setup_venv.py $(FUNCTIONS)
	@.venv$(if $(FUNCTIONS),-functions-$(FUNCTIONS))/bin/python -m pytest -n logical --dist loadfile -m "not large" tests/e2e tests/devkit/host

large: setup
	@$(RUN) -m pytest -m large

tools: setup
	@$(RUN) -m devkit.tools

conformance: setup
	@$(RUN) -m devkit.tools conformance
	@$(RUN) -m devkit.conformance

bench-host: setup
	@$(RUN) -m bench.host

bench: setup
	@$(RUN) -m bench.pipeline

bench-registry: setup
	@$(RUN) -m bench.registry

crash: setup
	@$(RUN) -m tests.devkit.host.crash $(if $(TENTH),--tenth $(TENTH))

chaos: setup
	@$(RUN) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(OPS),--ops $(OPS)) $(if $(TARGETS),--targets $(TARGETS)) \
	  $(if $(SCALE),--scale $(SCALE)) $(if $(DROP),--drop $(DROP)) $(if $(STATE),--state "$(STATE)")

clean:
	rm -rf .venv .venv.lock .venv-functions-* .tools .conformance .local .demo .chaos .mypy_cache .ruff_cache .pytest_cache .hypothesis
