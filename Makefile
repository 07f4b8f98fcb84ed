# make run   builds Causeway and opens its window
# make test  runs every ring of tests (CONTRIBUTING.md)
# Both install what this machine lacks. The rest: build, lint, fuzz, cross, clean.

GO ?= go
EXE := $(shell $(GO) env GOEXE)

# nosqlite keeps C out of the torrent library. The window's release tags say
# that its threads are in order, and leave 5 MB of emoji out.
TAGS := nosqlite
WINDOW_TAGS := nosqlite,migrated_fynedo,no_emoji

# Linux loads the window, which is part C, at a random address. On Windows and
# macOS that is how Go builds anyway.
PIE := $(if $(filter linux,$(shell $(GO) env GOOS)),-buildmode=pie)

# What the window does with the desktop, in each system's own way.
DESKTOP := ./app/autostart ./app/instance ./app/links ./app/shell

# What is built without C, for every system.
PURE := ./app/cli ./engine/... $(DESKTOP)
SYSTEMS := linux windows darwin

.PHONY: run test build cli cross lint fuzz package nat-table clean
.PHONY: test-units test-ui test-processes test-lab test-window bench-window prerequisites-build prerequisites-test

run: build
	bin/causeway$(EXE)

build: prerequisites-build cli
	CGO_ENABLED=1 $(GO) build $(PIE) -trimpath -ldflags '-s -w' -tags $(WINDOW_TAGS) -o bin/causeway$(EXE) ./app

cli:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -tags $(TAGS) -o bin/causeway-cli$(EXE) ./app/cli

cross:
	@set -e; for system in $(SYSTEMS); do \
		echo "building for $$system"; \
		CGO_ENABLED=0 GOOS=$$system $(GO) build -tags $(TAGS) $(PURE); \
	done

# A Debian package and an archive in dist/.
package: build
	CGO_ENABLED=0 $(GO) run ./packaging

prerequisites-build:
	@.ci/prerequisites build

prerequisites-test:
	@.ci/prerequisites test

# The fast rings come first: most mistakes show there.
test: prerequisites-test
	$(MAKE) --no-print-directory test-units
	$(MAKE) --no-print-directory test-ui
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory test-processes
	$(MAKE) --no-print-directory test-lab
	$(MAKE) --no-print-directory test-window

# Rings 1 and 2, with the race detector (which needs C).
test-units:
	CGO_ENABLED=1 .ci/once-more units $(GO) test -race -tags $(TAGS) ./engine/... ./assets/... ./app/cli/... ./packaging

# Ring 3: the window's parts, without a screen and without C.
test-ui:
	CGO_ENABLED=0 $(GO) test -tags $(TAGS) ./ui/...

# causeway-cli as real processes. CAUSEWAY_TEST_SIZE=64M makes it short.
test-processes:
	CGO_ENABLED=0 $(GO) test -count=1 -timeout 9m -tags $(TAGS),acceptance -run '^TestProcess' -v ./app/cli

# The same behind real NATs, in namespaces of their own, which some machines
# refuse; the tests say so and are skipped there. Where a lab can be, nothing may
# be skipped but stories of minutes, which run with CAUSEWAY_TEST_LONG=1.
LAB_GO := $(GO) test -count=1 -timeout 20m -tags $(TAGS),lab
test-lab:
	@if .ci/lab; then export CAUSEWAY_REQUIRE_LAB=1; fi; set -x; \
	CGO_ENABLED=0 .ci/once-more lab $(LAB_GO) -v -run '^TestNAT' ./app/cli

# Tries every pair of networks and writes app/cli/docs/nat-pairs.md.
nat-table:
	CAUSEWAY_REQUIRE_LAB=1 CAUSEWAY_NAT_TABLE=$(CURDIR)/app/cli/docs/nat-pairs.md \
	CGO_ENABLED=0 $(LAB_GO) -run '^TestNATPairs$$' ./app/cli

# The built window under Xvfb, with the story of two homes where a lab can be.
# The vet is here for the C that both compile. Its pictures are kept, those of an
# earlier run are not.
PICTURES := $(or $(CAUSEWAY_ARTEFACTS),artefacts)
WINDOW_GO := $(GO) test -count=1 -timeout 9m -tags $(TAGS),window
test-window:
	CGO_ENABLED=1 $(GO) vet -tags $(TAGS),window ./app/...
	rm -f $(PICTURES)/failed-*.png $(PICTURES)/story-*.png
	CGO_ENABLED=1 $(WINDOW_GO) $(DESKTOP)
	@if .ci/lab; then export CAUSEWAY_REQUIRE_LAB=1; fi; set -x; \
	CAUSEWAY_REQUIRE_XVFB=1 CGO_ENABLED=1 $(WINDOW_GO) -v ./app

# What a window with much in it costs, under software rendering.
bench-window: prerequisites-test
	CGO_ENABLED=1 $(GO) test -tags $(TAGS),window -run '^$$' -bench CrowdedWindow -benchtime 1x ./app

lint: cross
	@unformatted=$$(gofmt -l app assets engine packaging ui); \
		if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	@set -e; for system in $(SYSTEMS); do \
		echo "vetting for $$system"; \
		CGO_ENABLED=0 GOOS=$$system $(GO) vet -tags $(TAGS) $(PURE); \
	done
	CGO_ENABLED=0 $(GO) vet -tags $(TAGS) ./ui/... ./assets/... ./packaging
	CGO_ENABLED=0 $(GO) vet -tags $(TAGS),acceptance ./app/cli
	CGO_ENABLED=0 GOOS=linux $(GO) vet -tags $(TAGS),lab ./app/cli
	CGO_ENABLED=0 $(GO) test -count=1 -tags $(TAGS) -run '^TestRooms' ./engine

# Each fuzz test for FUZZTIME.
FUZZTIME ?= 20s
fuzz:
	@set -e; for package in $$($(GO) list -tags $(TAGS) ./engine/... ./app/cli/...); do \
		for target in $$($(GO) test -tags $(TAGS) -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

clean:
	rm -rf bin dist artefacts
