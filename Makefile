# The commands of this project. `make` alone lists them; each can be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python
export PATH := $(CURDIR)/tools:$(PATH)

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast test-kills chaos lint format contracts conformance coverage mutants guard-mutants prove prove-quick slither bench bench-engine bench-backtest lock clean

say = @printf '\n== %s\n' '$(1)'

# With folders of its own, or each build would undo the other's.
PLAIN := FOUNDRY_PROFILE=plain FOUNDRY_OUT=../.cache/forge/plain/out FOUNDRY_CACHE_PATH=../.cache/forge/plain/cache

CONTRACTS := $(shell find contracts/src contracts/script/DemoVault.sol contracts/foundry.toml -type f 2>/dev/null)
TIMELOCK := ../node_modules/@openzeppelin/contracts/governance/TimelockController.sol

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

# --- setup: one stamp for each part, so that what is up to date is not touched and needs no network ------------------

setup: .venv/.ready node_modules/.ready .cache/protocols/.ready contracts/out/.ready ## Install everything the commands need; offline the second time
	@echo "setup: ready; the command is $(BIN)/keeper"

.venv/.made:
	$(call say,Python environment)
	@tools/check_setup.sh $(PYTHON)
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.ready: .venv/.made requirements/dev.txt pyproject.toml
	$(call say,Python packages: about 90 at the versions and hashes of requirements/dev.txt)
	@echo "   downloads 300 MB once: half a minute to three"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/.ready: package.json package-lock.json .npmrc
	$(call say,Node packages: the Solidity compiler; Foundry; contract libraries)
	@tools/check_setup.sh $(PYTHON)
	@npm ci --no-fund --no-audit --loglevel=error
	@touch $@

.cache/protocols/.ready: tools/fetch_protocols.py tools/protocols.lock.json
	$(call say,Protocols: the published contracts of Uniswap; Aave; Chainlink; Safe)
	@tools/check_setup.sh $(PYTHON)
	@$(PYTHON) tools/fetch_protocols.py
	@touch $@

contracts/out/.ready: node_modules/.ready .cache/protocols/.ready $(CONTRACTS)
	$(call say,Contracts)
	@echo "   compiles with solc in WebAssembly: about a minute the first time"
	@cd contracts && forge build --quiet src script/DemoVault.sol $(TIMELOCK)
	@touch $@

# --- the program -----------------------------------------------------------------------------------------------------

demo: setup ## Run the keeper on a local chain with the real protocols, and judge it
	@$(BIN)/keeper demo $(ARGS)

bench: setup ## Measure the keeper: its latency against usual bots, its hedging against the optimum
	@$(RUN) -m benchmarks.latency --out .cache/bench $(ARGS)
	@$(RUN) -m benchmarks.hedging --out .cache/bench

bench-engine: setup ## Measure what the transaction engine adds to signing and sending
	@$(RUN) -m benchmarks.engine --out .cache/bench $(ARGS)

bench-backtest: setup ## Measure backtests: their speed, and hedging where the market is not as assumed
	@$(RUN) -m benchmarks.backtest --out .cache/bench
	@$(RUN) -m benchmarks.robustness --out .cache/bench $(ARGS)

# --- checks ----------------------------------------------------------------------------------------------------------

test: setup lint ## Check everything: lint, contracts with their proofs, and all Python tests
	@tools/beside.sh 'Contract tests and proofs' .cache/contracts-tests.log '$(MAKE) contracts prove-quick' -- $(RUN) -m pytest $(PYTEST_ARGS)

test-fast: setup ## Run the Python tests that take moments
	@$(RUN) -m pytest -m "not slow and not world" $(PYTEST_ARGS)

test-kills: setup ## Kill the daemon thirty times in mid-run; KILLS=n for another number
	@DEMO_KILLS=$(or $(KILLS),30) $(RUN) -m pytest tests/demo/test_kills.py $(PYTEST_ARGS)

chaos: setup ## Run the daemon through faults of every kind, and audit what was lost; SECONDS=120 SEED=n
	@$(RUN) -m keeper.demo.chaos --seconds $(or $(SECONDS),120) --seed $(or $(SEED),1) $(ARGS)

lint: setup ## Check style, types, architecture, sizes, locks and the contracts' format
	$(call say,Style)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	$(call say,Types)
	@$(BIN)/mypy
	$(call say,Architecture)
	@$(BIN)/lint-imports
	$(call say,Sizes; hosts; locks)
	@$(RUN) tools/check_budgets.py
	@$(RUN) tools/check_hosts.py
	@$(RUN) tools/check_requirements.py
	$(call say,Style of the contracts)
	@cd contracts && forge fmt --check
	@cd contracts && forge lint --deny warnings

format: setup ## Format Python and Solidity
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format
	@cd contracts && forge fmt

contracts: setup ## Build and test the contracts
	$(call say,Contract tests: of the code as it is deployed)
	@cd contracts && forge test --match-path '{test/unit/*,test/conformance/*,test/bound/Gas.t.sol}'
	$(call say,Contract tests: fuzzed and random runs, compiled without the optimiser)
	@cd contracts && $(PLAIN) forge test --match-path 'test/{fuzz,invariant,bound}/*' --no-match-contract GasTest

conformance: setup ## Hold each vault to the promises of IKeeperVault; CONTRACT=name for one
	$(call say,Promises of IKeeperVault)
	@cd contracts && forge test --match-path 'test/conformance/*' --match-contract '$(or $(CONTRACT),.)'

coverage: setup ## Measure coverage; every line and branch of the contracts must be reached
	$(call say,Coverage of the contracts)
	@tools/coverage.sh
	$(call say,Coverage of Python)
	@$(RUN) -m pytest --cov --cov-report=term $(PYTEST_ARGS)

mutants: setup ## Change the transaction machine in every small way; its tests must notice 95 % of them
	$(call say,Mutants of keeper/core/transaction: about ten minutes)
	@$(RUN) tools/mutants.py $(ARGS)

guard-mutants: setup ## Take out each check of the contracts' guard; a test must fail for each
	$(call say,Mutants of the guard: about eighty, half a minute each)
	@$(RUN) tools/guard_mutants.py $(ARGS)

.cache/prove/.ready: requirements/prove.txt
	$(call say,Halmos and z3: an environment of their own)
	@$(PYTHON) -m venv --clear .cache/prove
	.cache/prove/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/prove.txt
	@touch $@

prove: setup .cache/prove/.ready ## Prove the 35 properties of the vault, with witnesses, and break each by its mutants
	$(call say,Proofs and mutants: about an hour)
	@$(RUN) tools/prove.py $(ARGS)

prove-quick: setup .cache/prove/.ready ## Prove what halmos and z3 prove, without mutants
	$(call say,Proofs: one to two minutes)
	@$(RUN) tools/prove.py --quick $(ARGS)

.cache/slither/.ready: requirements/slither.txt
	$(call say,Slither: an environment of its own)
	@$(PYTHON) -m venv --clear .cache/slither
	.cache/slither/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/slither.txt
	@touch $@

slither: setup .cache/slither/.ready ## Analyse the contracts with Slither
	@cd contracts && FOUNDRY_OUT=../.cache/forge/slither/out FOUNDRY_CACHE_PATH=../.cache/forge/slither/cache ../.cache/slither/bin/slither . --filter-paths 'node_modules|[.]cache|test/' --fail-medium $(ARGS)

# --- the house -------------------------------------------------------------------------------------------------------

lock: .venv/.ready ## Write the dependency locks anew; UPGRADE=1 moves every pin
	@UPGRADE=$(UPGRADE) tools/lock.sh

clean: ## Remove everything that a command can make again
	@rm -rf .venv node_modules .cache contracts/out contracts/cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find keeper tests tools -name __pycache__ -prune -exec rm -rf {} +
