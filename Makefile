# `make` shows what there is to do. The targets need Go, git, make, Node.js with npm and, for `test`, gcc.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# The same settings everywhere, so that building, vetting, linting and testing share Go's build cache.
# Only the race detector differs: it needs cgo.
export CGO_ENABLED := 0
export GOFLAGS := -buildvcs=false

KUBERNETES_VERSION := v1.36.3
ISTIO_VERSION := 1.31.1

VERSION ?= $(shell git describe --tags --abbrev=0 2>/dev/null || echo 0.1.0-dev)
COMMIT ?= $(shell git rev-parse --short HEAD 2>/dev/null)
DATE ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)

SMM_LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)
SANDBOX_LDFLAGS := -X k8s.io/component-base/version.gitVersion=$(KUBERNETES_VERSION)
PROMETHEUS_VERSION := 3.13.0
PROMETHEUS_LDFLAGS := -s -w -X github.com/prometheus/common/version.Version=$(PROMETHEUS_VERSION)
ISTIO_LDFLAGS := -s -w -X istio.io/istio/pkg/version.buildVersion=$(ISTIO_VERSION)

BIN := $(CURDIR)/bin
DASHBOARD := internal/server/dashboard/files/dist/index.html.gz
GOBUILD := $(CURDIR)/tools/make/gobuild.sh
GOLANGCI_LINT := $(CURDIR)/.cache/golangci-lint

##@ Use it
.PHONY: help run stop
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Build everything, then start a cluster on this machine with the mesh, the demo application and the dashboard
	@$(BIN)/smm sandbox up --demo

stop: ## Stop the cluster that `make run` started and remove its state
	@if [[ -x $(BIN)/smm ]]; then $(BIN)/smm sandbox down; else echo "Nothing is built here, so nothing runs."; fi

##@ Build it
.PHONY: build without-dashboard generate clean
build: export FIRST_BUILD := Kubernetes, Istio and Prometheus are compiled from source: about 3,500 packages, 15 to 30 minutes on two cores.
build: $(if $(shell command -v npm),$(DASHBOARD),without-dashboard) ## Build the programs into bin/ (smm, allspark, smm-sandbox, gateway-standin, pilot-discovery, pilot-agent, prometheus)
	@echo "Building smm and allspark"
	@mkdir -p $(BIN)
	@$(GOBUILD) -ldflags "$(SMM_LDFLAGS)" -o $(BIN)/ ./cmd/...
	@echo "Building smm-sandbox, gateway-standin, pilot-discovery and pilot-agent"
	@cd sandbox && $(GOBUILD) -ldflags "$(SANDBOX_LDFLAGS)" -ldflags "istio.io/istio/...=$(ISTIO_LDFLAGS)" -o $(BIN)/ \
		./cmd/... istio.io/istio/pilot/cmd/pilot-discovery istio.io/istio/pilot/cmd/pilot-agent
	@cd sandbox && install -m 644 "$$(go list -m -f '{{.Dir}}' istio.io/istio)/tools/packaging/common/envoy_bootstrap.json" $(BIN)/
	@echo "Building prometheus"
	@cd sandbox/prometheus && $(GOBUILD) -tags remove_all_sd,enable_kubernetes_sd -ldflags "$(PROMETHEUS_LDFLAGS)" -o $(BIN)/ \
		github.com/prometheus/prometheus/cmd/prometheus

without-dashboard:
	@echo "Building without the dashboard: npm is missing (Node.js 20.19 or newer)"

$(DASHBOARD): $(shell find web/src web/public web/*.ts web/*.json web/index.html -type f -not -path '*/generated/*' 2>/dev/null) \
		$(wildcard internal/server/graph/schema/*) web/node_modules/.package-lock.json
	@echo "Building the dashboard"
	@cd web && npm run --silent build -- --logLevel error
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	@echo "Fetching the dashboard's packages"
	@cd web && npm ci --silent --no-audit --no-fund
	@touch $@

generate: ## Generate code, custom resource definitions and reference documentation
	@go generate ./...

clean: ## Remove what was built here (Go's build cache stays)
	@rm -rf $(BIN) .cache $(dir $(DASHBOARD)) web/node_modules

##@ Check it
.PHONY: test test-long test-unit test-web test-sandbox test-e2e test-browser check-generated vet lint bench
test: build check-generated vet lint test-unit test-web test-sandbox test-e2e ## Everything that must pass before a change lands

test-long: export LONG := 1
test-long: test ## The same with the tests that take minutes

# Tests that take minutes skip themselves with testing.Short().
TEST_LENGTH = $(if $(LONG),,-short)

test-unit: build
	@echo "Testing the product with the race detector"
	@CGO_ENABLED=1 go test -race -vet=off $(TEST_LENGTH) -timeout $(if $(LONG),90m,30m) $$(go list ./... | grep -v /test/e2e)

test-web: web/node_modules/.package-lock.json
	@echo "Testing the dashboard"
	@cd web && npm run --silent test

test-sandbox: build
	@echo "Testing the sandbox"
	@cd sandbox && go test -vet=off $(TEST_LENGTH) -timeout 15m ./...

test-e2e: build
	@echo "Testing the product in the sandbox, end to end"
	@go test -vet=off -count=1 $(TEST_LENGTH) -timeout 30m ./test/e2e/...

# Chromium is the one thing that make does not bring along.
test-browser: build
	@if command -v chromium chromium-browser google-chrome >/dev/null; then \
		echo "Testing the dashboard in a browser"; cd web && npx vitest run --config vitest.browser.config.ts; \
	else echo "Not testing the dashboard in a browser: there is no Chromium (apt-get install chromium)"; fi

check-generated:
	@tools/make/check-generated.sh

vet:
	@echo "Vetting"
	@go vet ./...
	@cd sandbox && go vet ./...

lint: $(GOLANGCI_LINT) web/node_modules/.package-lock.json ## Lint both modules and the dashboard
	@echo "Linting"
	@$(GOLANGCI_LINT) run --config .golangci.yml ./...
	@cd sandbox && $(GOLANGCI_LINT) run --config ../.golangci.yml ./...
	@cd web && npm run --silent check

$(GOLANGCI_LINT): export FIRST_BUILD := The linter is compiled from source: about 900 packages, two minutes on two cores.
$(GOLANGCI_LINT): tools/lint/go.mod tools/lint/go.sum
	@echo "Building the linter"
	@cd tools/lint && $(GOBUILD) -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

bench: build ## Measure start-up times, memory and the cost of rendering, applying and reconciling
	@cd tools/helmtemplate && $(GOBUILD) -o $(BIN)/helmtemplate .
	@cd tools/istioctl && $(GOBUILD) -o $(BIN)/istioctl istio.io/istio/istioctl/cmd/istioctl
	@go run ./test/bench
