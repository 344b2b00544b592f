# `make` alone lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test unit e2e lint gen vendor build bench clean

# What `make run` passes on, for example `make run ARGS="--addr :9000"`.
ARGS ?=

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: build ## Serve the dashboard in demo mode at http://localhost:8080, with its data in ./data
	@.bin/soshik serve --demo $(ARGS)

test: ## Run everything that CI runs, on SQLite and on PostgreSQL
	@internal/dev/test.sh all

unit: ## Run the unit tests only
	@internal/dev/test.sh unit

e2e: ## Run the browser journeys only
	@internal/dev/test.sh e2e

lint: .bin/golangci-lint ## Check the code
	@.bin/golangci-lint run ./...

gen: ## Generate Go from the templates
	@go tool templ generate

build: ## Build .bin/soshik with what the browser gets
	@internal/dev/setup.sh run
	@$(MAKE) --no-print-directory .bin/soshik

vendor: static/vendor/LICENSES.txt ## Fill static/vendor from npm
	@:

bench: ## Measure, on SQLite and on PostgreSQL
	@internal/dev/test.sh bench

clean: ## Remove what was built and installed here; ./data stays
	rm -rf .bin node_modules static/vendor e2e/artifacts

# Go knows best what is stale. The vendored files have to be there first, since they are embedded.
.PHONY: .bin/soshik
.bin/soshik: static/vendor/LICENSES.txt
	@CGO_ENABLED=0 go build -o $@ ./cmd/soshik

# npm writes the file below last of all.
node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@echo '==> Packages for the browser' >&2
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

static/vendor/LICENSES.txt: node_modules/.package-lock.json internal/dev/vendor.sh internal/dev/tabler-licence.txt
	@internal/dev/vendor.sh

# The linter is built from its sources, and so by the same Go that builds ours; an older one could not read our code.
.bin/golangci-lint: internal/tools/go.mod internal/tools/go.sum
	@echo '==> The linter, from its sources' >&2
	@cd internal/tools && CGO_ENABLED=0 go build -buildvcs=false -ldflags='-s -w' -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
