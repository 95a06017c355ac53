# The verbs of the house. Each one first sets up what it needs and this machine lacks.

PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
LINTED = $(wildcard Sources Tests BareMetal Benchmarks)

.DEFAULT_GOAL := help
.PHONY: help build run test tsan bench format lint docs boot fuzz

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build the octavo command line, optimised
	@scripts/setup.sh build
	swift build -c release --product octavo

run: ## record a python3 program, replay it, print the report
	@scripts/setup.sh run
	swift build -c release --product octavo
	.build/release/octavo run -- $(PYTHON) Docs/examples/words.py

test: ## everything a change must pass: build, tests, lint, embedded core, boot
	@scripts/setup.sh test
	swift build --build-tests --explicit-target-dependency-import-check error
	swift test --skip-build
	@$(MAKE) --no-print-directory tsan
	@$(MAKE) --no-print-directory lint
	scripts/embedded-core.sh
	scripts/boot-images.sh

tsan: ## the tests with threads, watched by the thread sanitizer
	@scripts/setup.sh test
	swift build --build-tests --sanitize=thread --scratch-path .build-tsan
	swift test --skip-build --sanitize=thread --scratch-path .build-tsan \
	  --filter 'ThreadTests|LockTests'

bench: ## speed as ratios against rivals in the same run
	@scripts/setup.sh bench
	swift build -c release --product octavo
	swift run -c release --package-path Benchmarks OctavoBenchmarks $(BENCH)

format: ## rewrite the sources in the house's format
	swift format -i -r $(LINTED)

lint: ## complain where the format differs
	swift format lint --strict -r $(LINTED)

docs: ## build the documentation into .build/docs
	@scripts/setup.sh docs
	scripts/docs.sh

boot: ## boot the bare-metal images in QEMU and compare page tables with its processors
	@scripts/setup.sh boot
	scripts/boot-images.sh

fuzz: ## compare random calls with the running kernel; FUZZ="--calls N --seed N --profile P"
	@scripts/setup.sh build
	@scripts/fuzz.sh $(FUZZ)
