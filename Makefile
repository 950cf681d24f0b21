# `make help` lists what there is to do. The work is done by short scripts in .ci/.

.DEFAULT_GOAL := help
.PHONY: help run cluster test faults breakages bench budgets screenshots lint fmt sqlx wire

# Tools of a user's own that a non-login shell does not see.
export PATH := $(PATH):$(HOME)/.cargo/bin

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build everything and serve the demo; ARGS="--listen 127.0.0.1:9000" passes flags on
	@exec .ci/serve $(ARGS)

cluster: ## Serve the demo by three instances behind a balancer; ARGS="--instances 5" passes flags on
	@exec .ci/cluster $(ARGS)

test: ## Bring what the tests need (Redis, nginx, Chromium, Python) and run all of them
	@.ci/test

faults: ## Put three instances under load, break everything around them, check every promise; SEED= DURATION= CLIENTS= RATE=
	@exec .ci/faults

breakages: ## Break the server on purpose in every way, and see that the fault suite catches each; ARGS="GapsAreIgnored"
	@exec .ci/breakages $(ARGS)

bench: ## Measure this hub against a bare loop and the peers that are installed; ARGS="--only storm" (docs/performance.md)
	@exec .ci/bench $(ARGS)

budgets: ## Measure the web client's screens under load in Chromium; fails where one misses; ARGS="--heap-minutes 30"
	@exec .ci/budgets $(ARGS)

screenshots: ## Take the pictures of README and docs anew, of the demo, in Chromium
	@exec .ci/screenshots

lint: ## Formats, clippy, licences and bans, types, and whether generated files are fresh
	@.ci/lint

fmt: ## Format Rust and TypeScript
	cargo fmt --all
	@.ci/client-packages
	cd web-client && npm run format

sqlx: ## Write .sqlx, the cache of checked queries, anew
	@.ci/query-cache write

wire: ## Write web-client/src/wire, the client's types, and hub/golden, the frames, anew
	env -u DATABASE_URL SQLX_OFFLINE=true UPDATE_WIRE=1 cargo test --package dispatch-hub --test it wire
	env UPDATE_WIRE=1 cargo test --package hub --lib golden
