# Every target installs what it needs first (scripts/setup) and can be typed in a fresh clone.
.DEFAULT_GOAL := build
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.PHONY: help setup setup-test build test-programs run test unit functional web web-test bench-web crash-short crash \
  model-short model model-keys model-keys-short \
  soak-short check format lint asan tsan fuzz soak xlsx schemathesis \
  bench bench-micro package wheel tk-test \
  mysql-test mysql-faults mysql-speed go-test interop-test desktop desktop-test clean

export PATH := $(CURDIR)/.deps/node/bin:$(PATH):$(CURDIR)/.deps/go/bin
PYTHON := .deps/venv/bin/python
JOBS ?= $(shell nproc)
PORT ?= 8080
FUZZ_SECONDS ?= 20

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install what building and running need
	@scripts/setup

setup-test: ## and what the tests need
	@scripts/setup test

# The app is built before the server, which carries it.
web_sources := $(shell find web -name node_modules -prune -o -name 'dist*' -prune -o -type f -print)
web/dist/index.html: $(web_sources) | setup
	npm --prefix web run build

web: web/dist/index.html ## the web app and that of published sites alone: web/dist, web/dist-site

build: setup web ## build/release/bin/canvasback
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target canvasback

test-programs: setup-test web ## the program, its variants for tests, and the unit tests
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target tests

run: build ## serve three million flights and a live collection; or make run ARGS="serve DIR --listen 127.0.0.1:9000"
	$(if $(ARGS),exec build/release/bin/canvasback $(ARGS),\
	  exec scripts/demo $(PORT) serve flights=.deps/data/flights-3m.parquet --data data)

test: test-programs unit functional web-test crash-short model-short model-keys-short soak-short ## run all tests

unit: test-programs
	ctest --test-dir build/release --output-on-failure --no-tests=error

functional: test-programs unit
	scripts/functional

web-test: test-programs unit functional ## the web app's tests: units, and pages in Chromium on a running server
	npm --prefix web run unit
	npm --prefix web run browser

crash-short: test-programs unit functional web-test
	$(PYTHON) tests/crash/crash.py --short

crash: test-programs ## crashes and failing disks under load, all of them (hours; CRASH="points random" runs some)
	$(PYTHON) tests/crash/crash.py $(CRASH)

model-short: test-programs unit functional web-test crash-short
	$(PYTHON) tests/model/collections_model.py --short

model: test-programs ## random histories of collections against a model (half an hour; HISTORIES=500 SEED=7)
	$(PYTHON) tests/model/collections_model.py --histories $(or $(HISTORIES),2000) $(if $(SEED),--seed $(SEED))

model-keys-short: test-programs unit functional web-test crash-short model-short
	$(PYTHON) tests/model/keys_model.py --short

model-keys: test-programs ## 10,000 random histories of keyed collections against a model of them
	$(PYTHON) tests/model/keys_model.py --histories 10000

soak-short: test-programs unit functional web-test crash-short model-short model-keys-short
	$(PYTHON) tests/soak/soak.py --short memory hangups timeout cancels kills replaced

soak: test-programs ## memory, cancels, crowds, kills at full size (about 20 minutes; SOAK="memory crowd" runs some)
	$(PYTHON) tests/soak/soak.py $(SOAK)

xlsx: test-programs ## workbooks at the limits of Excel, thousands of random ones (half an hour; XLSX="rows zip64")
	$(PYTHON) tests/xlsx/large.py $(XLSX)

SCHEMATHESIS_EXAMPLES ?= 2000
schemathesis: test-programs ## random requests made from /openapi.json (an hour; SCHEMATHESIS_EXAMPLES=200)
	SCHEMATHESIS_EXAMPLES=$(SCHEMATHESIS_EXAMPLES) $(PYTHON) -m pytest -q tests/functional/test_schemathesis.py

package: build ## a .tar.gz and a .deb below build/package that need nothing but a C library, tried
	scripts/package
	$(PYTHON) tests/package.py

wheel: build ## the Python package with the server and the notebook widget inside, tried: build/wheel (five minutes)
	@scripts/setup wheel
	scripts/wheel

tk-test: test-programs ## the desktop table of Tkinter in a window: a billion rows, speed, memory (two minutes)
	@scripts/setup test tk
	$(PYTHON) -m pytest -q -s tests/tk

mysql-test: test-programs ## reading and pulling MySQL 5.7.22 and MariaDB of the test's own (ten minutes; HISTORIES=300)
	@scripts/setup test mysql
	$(PYTHON) -m pytest -q tests/mysql
	$(PYTHON) tests/mysql/pull_model.py --histories $(or $(HISTORIES),40)

mysql-faults: test-programs ## pulls that meet faults of connection, source and disk, and crashes (ROUNDS=200)
	@scripts/setup test mysql
	$(PYTHON) tests/mysql/pull_faults.py --rounds $(or $(ROUNDS),200)
	$(PYTHON) tests/crash/crash.py tables

mysql-speed: test-programs ## rows a second of both protocols and of pulls, and what the servers need (ROWS=5000000)
	@scripts/setup test mysql
	$(PYTHON) tests/mysql/speed.py
	$(PYTHON) tests/mysql/pull_speed.py
	$(PYTHON) tests/mysql/pull_cost.py

# BASELINE=DIR names the peer stack to compare with, DATA=DIR the folder of orders.parquet; bench/README.md.
bench: build ## measure against BASELINE=DIR (or alone) and against the limits: a table and a report (15 minutes)
	@scripts/setup bench
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target benchmarks
	$(PYTHON) bench/run.py $(if $(BASELINE),--baseline "$(BASELINE)") $(if $(DATA),--data "$(DATA)") $(BENCH)

# DATA=DIR as above, BENCH_SECONDS=120; docs/web-app.md says what is measured.
bench-web: build ## measure the grid in Chromium beside three others: build/bench-web/report.html (an hour)
	DATA="$(DATA)" npm --prefix web run bench

bench-micro: build ## the inner loops alone, beside their limits
	@scripts/setup bench
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target benchmarks
	$(PYTHON) bench/run.py --only micro $(if $(DATA),--data "$(DATA)")

# The clients are tested on CANVASBACK_BIN; where it is not set, on the program, built here.
clients_bin := $(or $(CANVASBACK_BIN),$(CURDIR)/build/release/bin/canvasback)
clients_build := $(if $(CANVASBACK_BIN),,build)

go-test: export CANVASBACK_BIN := $(clients_bin)
go-test: $(clients_build) ## the Go client: its tests with race detection, and its stream beside plain net/http
	@clients/setup go
	cd clients/go && go vet ./... && go test -race -count=1 ./... && \
	  CANVASBACK_GO_SPEED=1 go test -count=1 -v -run TestStreamIsAsFastAsItsBytes .

interop-test: $(clients_build) ## hyparquet and duckdb-wasm in Chromium on the server's files (their packages: 150 MB)
	@scripts/setup test
	CANVASBACK_BIN=$(clients_bin) npm --prefix web run interop

desktop_tags := desktop,production,webkit2_41
desktop: $(clients_build) ## the desktop app: build/desktop/canvasback-desktop (docs/desktop.md)
	@clients/setup go desktop
	cd clients/desktop && go build -trimpath -ldflags '-s -w' -tags $(desktop_tags) \
	  -o $(CURDIR)/build/desktop/canvasback-desktop .

desktop-test: export CANVASBACK_BIN := $(clients_bin)
desktop-test: export CANVASBACK_DESKTOP := $(CURDIR)/build/desktop/canvasback-desktop-probe
desktop-test: export CANVASBACK_SCREENSHOTS := $(CURDIR)/build/desktop/screenshots
desktop-test: desktop ## the desktop app in a real window, without a screen; build/desktop/screenshots
	mkdir -p $(CANVASBACK_SCREENSHOTS)
	cd clients/desktop && go vet ./local && go test -race -count=1 ./local && \
	  go build -tags $(desktop_tags),probe -o $(CANVASBACK_DESKTOP) . && \
	  go test -count=1 -v -timeout 40m -tags $(desktop_tags),window .

lint: ## style, words and dependency rule, without a build
	python3 tests/tidy.py
	python3 tests/words.py
	python3 tests/layers.py
	python3 tests/web_layers.py

sources = git ls-files --cached --others --exclude-standard '*.cpp' '*.hpp'

check: ## format, lint, layers, tests
	@scripts/setup format
	$(sources) | xargs clang-format-14 --dry-run --Werror
	$(MAKE) lint
	$(MAKE) test

format: ## reformat the C++ sources
	@scripts/setup format
	$(sources) | xargs clang-format-14 -i

asan: setup-test ## unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	scripts/sanitizers/run asan $(JOBS)

tsan: setup-test ## unit tests under ThreadSanitizer
	scripts/sanitizers/run tsan $(JOBS)

fuzz: ## every fuzz target for FUZZ_SECONDS (20) each; the long form: make fuzz FUZZ_SECONDS=3600
	@scripts/setup fuzz
	scripts/fuzz $(FUZZ_SECONDS) $(JOBS)

clean: ## remove build/ (and nothing else)
	rm -rf build
