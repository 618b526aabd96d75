# The vocabulary of Docs/Conventions.md, "Layout". Everything is built under .build*, nothing tracked by git is written.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PREFIX ?= $(if $(filter 0,$(shell id -u)),/usr/local,$(HOME)/.local)
BINARY := .build/release/cessdrive
STAMPS := .build-stamps

# One tree in debug (tests) and one in release (the program): nothing is compiled a third time. Warnings are errors in
# both, and a target imports only what it declares.
STRICT  := CESSDRIVE_STRICT=1
DEBUG   := --explicit-target-dependency-import-check error --build-tests
RELEASE := -c release --static-swift-stdlib --product cessdrive

PACKAGES := libsodium-dev libcurl4-openssl-dev libisal-dev libzstd-dev libssl-dev libsqlite3-dev libsecp256k1-dev \
            libxxhash-dev libfuse3-dev fuse3 pkg-config make python3-venv
# What the sessions use in a mounted drive; those are skipped where one is missing.
PROGRAMS := git gcc rsync sqlite3 fio stress-ng dbench acl attr

.PHONY: all help deps build test check format unit integration devices changes mount-model mount-kills faults interop bench bench-quick demo docs install clean

all: build

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

deps: $(STAMPS)/deps  ## install the C libraries (apt), once

# Asks apt only for what is missing, so that a machine without root but with the libraries builds too.
$(STAMPS)/deps: Makefile
	@command -v swift >/dev/null || { echo "make: Swift 6.2 or later is needed: https://www.swift.org/install/linux" >&2; exit 1; }
	@mkdir -p $(STAMPS)
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok' || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  if ! command -v apt-get >/dev/null; then echo "make: please install the equivalents of:" $$missing >&2; exit 1; fi; \
	  root=$$([ $$(id -u) = 0 ] || echo sudo); \
	  $$root apt-get update -qq; \
	  DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@touch $@

$(STAMPS)/programs: Makefile
	@mkdir -p $(STAMPS)
	@missing=$$(for p in $(PROGRAMS); do dpkg -s $$p 2>/dev/null | grep -q '^Status: install ok' || echo $$p; done); \
	if [ -n "$$missing" ] && [ $$(id -u) = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@touch $@

build: $(STAMPS)/deps  ## the release program, .build/release/cessdrive
	$(STRICT) swift build $(RELEASE)

test: build check unit integration  ## everything that CI runs, but interop and demo

check: $(STAMPS)/deps  ## formatting, warnings, imports, scripts
	swift format lint --strict -r Package.swift Sources Tests Examples
	@if command -v shellcheck >/dev/null; then shellcheck $$(git ls-files | xargs grep -lE '^#!.*\b(ba)?sh\b'); \
	else echo "check: shellcheck is not installed, scripts were not checked"; fi
	$(STRICT) swift build $(DEBUG)

format:  ## write the one formatting there is
	swift format -i -r Package.swift Sources Tests Examples

# By themselves: the drive's tests take the processor for minutes, the cache's its threads for seconds, and others wait for answers or
# have to end in time.
TIMED := '^DriveTests\.(SendingAhead|LapsedContents)Tests'
unit: $(STAMPS)/deps
	$(STRICT) swift test $(DEBUG:--build-tests=) --parallel --skip '^IntegrationTests\.' --skip '^DriveTests\.' --skip '^LocalCacheTests\.'
	$(STRICT) swift test $(DEBUG:--build-tests=) --parallel --filter '^LocalCacheTests\.'
	$(STRICT) swift test $(DEBUG:--build-tests=) --parallel --filter $(TIMED)
	$(STRICT) swift test $(DEBUG:--build-tests=) --parallel --filter '^DriveTests\.' --skip $(TIMED)

integration: build $(STAMPS)/programs  ## the release program against real processes of the local network
	@$(BINARY) manual .build/manual 2>/dev/null
	@diff -r .build/manual Docs/Manual || { echo "make: the manual pages are not those of the commands: make docs" >&2; exit 1; }
	CESSDRIVE_BINARY=$(CURDIR)/$(BINARY) $(STRICT) swift test $(DEBUG:--build-tests=) --filter IntegrationTests

devices: $(STAMPS)/deps  ## many devices of one drive, simulated; SEEDS=0..<8
	CESSDRIVE_DEVICE_SEEDS='$(or $(SEEDS),0..<8)' $(STRICT) swift test $(DEBUG:--build-tests=) --filter DevicesTests

changes: build  ## very many small changes in a small territory, real processes; CHANGES=1000 takes half an hour
	Tests/Integration/changes $(CURDIR)/$(BINARY) '$(or $(CHANGES),1000)'

mount-model: build  ## the same random operations in a mount and in a directory, over kill -9 and failing commits; SEEDS="1 2 3"
	Tests/Integration/mount-model $(CURDIR)/$(BINARY) $(or $(SEEDS),1 2 3)

mount-kills: build  ## a mount that is killed while programs write, with faulty nodes below; KILLS=300 SEED=1
	Tests/Integration/mount-kills $(CURDIR)/$(BINARY) $(or $(KILLS),300) $(or $(SEED),1)

faults: build  ## of them only what goes wrong: nodes, chain, network, leases, signals
	CESSDRIVE_SESSIONS=chaos,lies,network,interrupt,lease,recover,space,machines,stock $(MAKE) integration

interop: build  ## substrate-interface from PyPI against the local network; a second reader against our formats
	Tests/Interop/run $(CURDIR)/$(BINARY)

demo: build  ## a drive from nothing: store, lose 8 nodes and the home directory, recover
	Examples/demo $(CURDIR)/$(BINARY)

bench: build  ## full sizes against a local network, beside the data path alone in C
	Examples/Benchmarks/bench $(BINARY) --json .build/bench.json

bench-quick: build  ## a tenth of the sizes, once
	Examples/Benchmarks/bench $(BINARY) --quick

docs: build  ## the manual pages, from the commands themselves
	$(BINARY) manual Docs/Manual

install: build  ## the program, manual pages and completions under PREFIX
	install -Dm755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/cessdrive
	if [ $$(id -u) = 0 ]; then install -d $(DESTDIR)/sbin && ln -sf $(PREFIX)/bin/cessdrive $(DESTDIR)/sbin/mount.cessdrive; fi
	for page in Docs/Manual/*.1; do install -Dm644 $$page $(DESTDIR)$(PREFIX)/share/man/man1/$${page##*/}; done
	mkdir -p $(DESTDIR)$(PREFIX)/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
	$(BINARY) completions bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/cessdrive
	$(BINARY) completions zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cessdrive
	$(BINARY) completions fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cessdrive.fish

clean:  ## all that was built
	rm -rf .build $(STAMPS)
