# Every target sets up what it needs; `make help` lists them.
# Verbs are thin: `make deploy ENV=local SERVICE=hello-api` is `.venv/bin/lockgate deploy --env local ...`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
LOCKGATE := $(BIN)/lockgate
SETUP := $(PYTHON) scripts/setup.py

# Arguments of the verbs that work on an environment.
environment = --env "$(or $(ENV),$(error Say which environment: make $@ ENV=local))"
stack = $(if $(STACK),--stack "$(STACK)" $(if $(ENV),$(environment)),$(environment))
services = $(foreach name,$(SERVICE),--service "$(name)")

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Make .venv from the lock file (under a second when it is current)
	@$(SETUP) dev

# --- releasing ---------------------------------------------------------------------------------------------

.PHONY: deploy
deploy: setup ## Release what has changed: ENV=..., SERVICE=..., BUNDLE=<file, commit or digest>
	@$(LOCKGATE) deploy $(environment) $(services) $(if $(BUNDLE),--bundle "$(BUNDLE)") $(ARGS)

.PHONY: rollback
rollback: setup ## Go back to the last good release: ENV=..., SERVICE=..., TO=<release>
	@$(LOCKGATE) rollback $(environment) $(services) $(if $(TO),--to "$(TO)") $(ARGS)

.PHONY: watch
watch: setup ## Attach to a running release: ENV=...
	@$(LOCKGATE) watch $(environment) $(ARGS)

.PHONY: status
status: setup ## What is live, what is running: ENV=...
	@$(LOCKGATE) status $(environment) $(services) $(ARGS)

.PHONY: history
history: setup ## What was released, and how it ended: ENV=...
	@$(LOCKGATE) history $(environment) $(services) $(ARGS)

.PHONY: canary-plan
canary-plan: setup ## What each canary can see, from the last day's traffic: ENV=...
	@$(LOCKGATE) canary-plan $(environment) $(services) $(ARGS)

.PHONY: replay
replay: setup ## Judge a release again: ENV=..., RELEASE=<release or file>
	@$(LOCKGATE) judge replay "$(or $(RELEASE),$(error Say which: make replay ENV=local RELEASE=...))" $(if $(ENV),--env "$(ENV)") $(services) $(ARGS)

.PHONY: calibrate
calibrate: setup ## What past good releases say about the judge's settings: ENV=...
	@$(LOCKGATE) calibrate $(environment) $(services) $(ARGS)

.PHONY: verify
verify: setup ## Whether everything that a release needs is there: ENV=...
	@$(LOCKGATE) verify $(environment) $(services) $(ARGS)

.PHONY: secret
secret: setup ## Set a secret from standard input, or typed: ENV=..., SERVICE=..., NAME=... < file
	@$(LOCKGATE) secrets set $(environment) $(ARGS) -- "$(or $(SERVICE),$(error Say whose: make secret ENV=local SERVICE=orders NAME=...))" "$(or $(NAME),$(error Say which: make secret ENV=local SERVICE=orders NAME=database-password))"

.PHONY: secrets
secrets: setup ## Which secrets have a value: ENV=...
	@$(LOCKGATE) secrets list $(environment) $(services) $(ARGS)

.PHONY: traffic
traffic: setup ## Send smoke events through the aliases: ENV=local
	@$(LOCKGATE) traffic $(environment) $(services) $(ARGS)

.PHONY: prune
prune: setup ## Delete old versions and artifacts: ENV=... or STACK=tooling, SERVICE=..., ARGS=--dry-run
	@$(LOCKGATE) prune $(stack) $(services) $(ARGS)

.PHONY: plan
plan: setup ## Plan Terraform, to be read and applied: ENV=... or STACK=tooling, or SINCE=origin/main
	@$(LOCKGATE) plan $(if $(SINCE),--touched "$(SINCE)",$(stack)) $(ARGS)

.PHONY: review
review: setup ## Plans and checkov's findings as one comment: SINCE=origin/main, PULL_REQUEST=<number>
	@$(SETUP) checkov
	@$(LOCKGATE) review $(if $(SINCE),--since "$(SINCE)") $(if $(PULL_REQUEST),--comment "$(PULL_REQUEST)") $(ARGS)

.PHONY: doctor
doctor: setup ## Whether GitHub guards the environments: ENV=..., ARGS=--github
	@$(LOCKGATE) doctor $(if $(ENV)$(STACK),--env "$(or $(STACK),$(ENV))") $(ARGS)

.PHONY: bootstrap
bootstrap: setup ## Set an account up: state bucket, roles, audit trail: ACCOUNT=prod or tooling, ARGS=--yes
	@$(LOCKGATE) bootstrap --account "$(or $(ACCOUNT),$(error Say which account: make bootstrap ACCOUNT=prod))" $(ARGS)

.PHONY: rehearse
rehearse: setup ## The whole way from empty accounts to prod, on an embedded AWS that enforces IAM: ARGS=--keep
	@$(LOCKGATE) rehearse $(ARGS)

.PHONY: account
account: setup ## Account, region and roles: ENV=... or STACK=tooling
	@$(LOCKGATE) account $(stack) $(ARGS)

.PHONY: attested
attested: setup ## Whether the release workflow has built a bundle: ENV=..., BUNDLE=<commit or digest>
	@$(LOCKGATE) attested $(environment) --bundle "$(or $(BUNDLE),$(error Say which: make attested ENV=prod BUNDLE=...))" $(ARGS)

.PHONY: touched
touched: setup ## Which stacks a change touches: SINCE=origin/main
	@$(LOCKGATE) touched $(if $(SINCE),--since "$(SINCE)") $(ARGS)

.PHONY: drift
drift: setup ## What somebody changed by hand: ENV=... or STACK=tooling
	@$(LOCKGATE) drift $(stack) $(ARGS)

.PHONY: apply
apply: setup ## Apply the plan that was made: ENV=... or STACK=tooling, PLAN=<folder>, DIGEST=<what was approved>
	@$(LOCKGATE) apply $(stack) $(if $(PLAN),--plan "$(PLAN)") $(if $(DIGEST),--digest "$(DIGEST)") $(ARGS)

.PHONY: build
build: setup ## Build what has changed: SERVICE=..., ENV=... where environments differ, ARGS=--publish or --remote
	@$(LOCKGATE) build $(if $(ENV),--env "$(ENV)") $(services) $(ARGS)

.PHONY: new
new: setup ## Add a service: KIND=lambda or container, NAME=orders
	@$(LOCKGATE) new "$(or $(KIND),lambda)" "$(or $(NAME),$(error Say what it is called: make new KIND=lambda NAME=orders))"

# --- the embedded AWS --------------------------------------------------------------------------------------

.PHONY: local-up
local-up: setup ## Start the embedded AWS
	@$(LOCKGATE) local up $(ARGS)

.PHONY: local-down
local-down: setup ## Stop the embedded AWS (ARGS=--wipe forgets what is in it)
	@$(LOCKGATE) local down $(ARGS)

.PHONY: local-status
local-status: setup ## Whether the embedded AWS runs
	@$(LOCKGATE) local status $(ARGS)

# --- the project itself ------------------------------------------------------------------------------------

.PHONY: test
test: setup ## Run all tests
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --durations 15 $(ARGS)

.PHONY: test-quick
test-quick: setup ## Run the tests that need neither Terraform nor the embedded AWS
	@$(BIN)/pytest -m "not local and not terraform and not docker" $(ARGS)

.PHONY: bench-judge
bench-judge: ## Make the judge's tables: ARGS="--tables errors --runs 500" (tests/bench/judge/README.md)
	@test -x .build/bench/bin/python || { echo "error: there is no .build/bench; hint: make it as tests/bench/judge/README.md says" >&2; exit 1; }
	@.build/bench/bin/python -m tests.bench.judge $(ARGS)

.PHONY: bench-build
bench-build: setup ## Compare the build with SAM's: ARGS="--functions 10" (tests/bench/build/README.md)
	@$(BIN)/python -m tests.bench.build $(ARGS)

.PHONY: bench-gate
bench-gate: setup ## Compare the gate of a pull request with a script's (tests/bench/gate/README.md)
	@$(BIN)/python -m tests.bench.gate $(ARGS)

.PHONY: lint
lint: setup ## Check formatting, types, schemas, declarations, workflows, shell, Dockerfiles and Terraform
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(LOCKGATE) schema --check
	@$(BIN)/python scripts/lint_declarations.py
	@$(BIN)/actionlint -color=false
	@$(BIN)/zizmor --quiet --offline --persona pedantic .github
	@$(BIN)/shellcheck .ci/run
	@git ls-files --cached --others --exclude-standard -z -- '*Dockerfile' | xargs -0 -r $(BIN)/hadolint
	@$(BIN)/python -m lockgate.plans.validate terraform

.PHONY: format
format: setup ## Format Python and Terraform
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format --quiet
	@$(BIN)/python -m lockgate.plans.validate --format terraform

.PHONY: schemas
schemas: setup ## Generate schemas/ from the models
	@$(LOCKGATE) schema

.PHONY: checkov
checkov: setup ## Check Terraform, workflows, Dockerfiles and secrets against checkov's rules: ARGS=--sarif=...
	@$(SETUP) checkov
	@$(LOCKGATE) check $(ARGS)

.PHONY: lock
lock: setup ## Make lock files fit what is asked for: SERVICE=..., ARGS=--upgrade takes newer versions
	@$(SETUP) lock $(SERVICE) $(ARGS)

.PHONY: ci
ci: ## What CI runs
	@.ci/run

.PHONY: clean
clean: ## Remove what was built (not the embedded AWS' state)
	@rm -rf .build .mypy_cache .pytest_cache .ruff_cache .hypothesis
