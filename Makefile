# Two commands matter: `make run` and `make test`. Both set up what they need and say so. What they do stands in .ci/.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test setup build demo fmt lint deny ci failing large matrix soak bench clean

help: ## say what there is
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-7s %s\n' "$$name" "$$what"; done

run: ## set up, build and open the desktop app (without a display: play the demo)
	@.ci/open

test: ## set up and run all tests
	@.ci/test

setup: ## install what is missing to build and run; nothing when nothing is missing
	@.ci/setup run

build: setup ## build the command line, the window and the desktop app
	@.ci/ui build
	cargo build --workspace --bins

demo: ## play the whole story on this machine, in the terminal
	@.ci/setup cli
	cargo run --package offsync-cli --bin offsync -- demo

fmt: ## format all sources
	@.ci/setup test
	cargo fmt --all
	@.ci/ui format

lint: ## check formats, types and lints; warnings are errors
	@.ci/setup test
	cargo fmt --all --check
	@.ci/ui check
	@.ci/ui lint
	@.ci/ui build
	cargo clippy --workspace --all-targets -- -D warnings

deny: ## check licences, sources and banned crates
	@.ci/deny

ci: ## everything that must hold before a change is taken in
	@.ci/run

large: ## try a file of two gigabytes both ways and edit by edit (10 minutes, 15 GB in the temporary folder)
	@.ci/setup test
	cargo build --workspace --bins
	OFFSYNC_LARGE=1 cargo test --package offsync-tests --test scenario two_gigabytes -- --nocapture --test-threads 1

matrix: ## play each pair of concurrent changes in a world of its own (5 minutes)
	@.ci/setup test
	cargo build --workspace --bins
	cargo test --package offsync-tests --test scenario each_pair_of_changes -- --ignored --nocapture

failing: ## let each n-th request to each server and service fail, for all n (an hour)
	@.ci/setup test
	cargo build --package offsync-cli
	cargo test --package offsync-tests --test scenario whatever_their_number -- --ignored --nocapture

soak: ## simulate many more schedules: SEEDS in each profile from FIRST on (a quarter of an hour on two cores)
	@.ci/setup test
	OFFSYNC_FIRST_SEED=$(or $(FIRST),10000) OFFSYNC_SEEDS=$(or $(SEEDS),1000) cargo test --release --package offsync-tests --test simulation \
		-- --skip a_crash_at_every_call

bench: ## measure beside rsync, borg, restic, rclone and unison where they are installed (10 minutes; OPTIONS=--full is an hour)
	@.ci/setup cli
	python3 -B tests/bench/bench.py $(OPTIONS)

clean: ## remove what was built
	cargo clean
	rm -rf ui/dist
