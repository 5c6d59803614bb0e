# One command per intent. Every target sets up what it needs; running it again is safe.
SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(CURDIR)/.local/tools/node/node_modules/.bin:$(PATH)
export TZ := UTC
# What Python compiles is kept, whatever the shell says: a run that may not would compile every test and command anew.
unexport PYTHONDONTWRITEBYTECODE
export CHECKPOINT_DISABLE := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1
DATA ?=
DAYS ?=
ONLY ?=
ENV ?=
PLANS ?= .local/plans
POST ?=
ISSUE ?=

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: packages
packages:
	@"$(PYTHON)" scripts/bootstrap.py --packages

.PHONY: setup
setup: ## install what the other targets need (they call it themselves)
	@"$(PYTHON)" scripts/bootstrap.py

.PHONY: demo
demo: setup ## the whole platform on this machine: deploy, run master, report (DATA=<folder> for real trade)
	@"$(BIN)/ecom" demo $(if $(DATA),--data "$(DATA)")

.PHONY: lint
lint: packages ## style, types, import contracts
	@"$(BIN)/ruff" check .
	@"$(BIN)/ruff" format --check .
	@"$(BIN)/mypy"
	@"$(BIN)/lint-imports" --verbose | tail -n 12

.PHONY: test-fast
test-fast: setup ## what an edit needs: no Spark, no server, under a minute
	@"$(BIN)/pytest" -m "not slow" -n 2 --dist loadgroup

.PHONY: test
test: packages ## everything a user relies on
	@# Source is checked while the rest of the set-up goes on.
	@$(MAKE) --no-print-directory --jobs=2 --assume-old=packages PYTHON="$(PYTHON)" lint setup
	@"$(BIN)/python" -m scripts.browser
	@"$(BIN)/pytest" -n 2 --dist loadgroup --no-loadscope-reorder

.PHONY: golden
golden: setup ## rewrite the golden files; review the difference
	@"$(BIN)/pytest" tests/golden tests/refusals tests/review tests/local/test_parity.py --golden

.PHONY: policy
policy: setup ## hold what would be deployed against infra/policies: every environment, or the kept plan of ENV=dev
	@"$(BIN)/ecom" policy $(if $(ENV),--environment "$(ENV)" --plans "$(PLANS)" --to "$(PLANS)/policy.json")

.PHONY: docs
docs: setup ## generate the tables and pictures of the documentation from the code; review the difference
	@"$(BIN)/ecom" docs

.PHONY: bench
bench: setup ## measure what has a goal, into .local/report/bench.json (ONLY=<name>; DATA=<folder> for real trade; DAYS of history)
	@DATA="$(DATA)" DAYS="$(DAYS)" "$(BIN)/python" -m scripts.bench $(ONLY)

.PHONY: plan
plan: setup ## what a deploy would do, kept for review (ENV=dev, PLANS=<folder>); changes are no failure
	@"$(BIN)/ecom" plan --environment "$(ENV)" --to "$(PLANS)" || [ $$? -eq 2 ]

.PHONY: review
review: setup ## the plan as its reviewer reads it; POST=1 puts that on the pull request; changes are no failure
	@code=0; "$(BIN)/ecom" review --plans "$(PLANS)" $(if $(ENV),--environment "$(ENV)") \
		$(if $(wildcard $(PLANS)/policy.json),--policies "$(PLANS)/policy.json") $(if $(POST),--post) || code=$$?; \
	cat "$(PLANS)"/*/comment.md >> "$${GITHUB_STEP_SUMMARY:-/dev/null}"; [ $$code -eq 0 ] || [ $$code -eq 2 ]

.PHONY: deploy
deploy: setup ## deploy the plan that was reviewed, and nothing else (ENV=dev, PLANS=<folder>)
	@"$(BIN)/ecom" deploy --environment "$(ENV)" --plans "$(PLANS)"

.PHONY: drift
drift: setup ## what the workspace holds against what is declared (ENV=dev); ISSUE=1 keeps the issue of it on GitHub
	@"$(BIN)/ecom" drift --environment "$(ENV)" $(if $(ISSUE),--issue)

.PHONY: stop
stop: setup ## stop the local workspace that the demo left running
	@"$(BIN)/ecom" stop

.PHONY: reset
reset: setup ## remove the local workspace and all it holds, so that the next demo begins anew
	@"$(BIN)/ecom" reset
