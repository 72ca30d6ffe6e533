# The two commands that matter: `make demo` and `make test`. `make help` lists the others.

PREFIX ?= $(HOME)/.local
LISTEN ?= 127.0.0.1:8080
CARGO ?= cargo
PYTHON ?= python3
# The folder that cargo builds into: CARGO_TARGET_DIR may name another one than target/.
BIN = $(shell CARGO="$(CARGO)" $(PYTHON) tests/binaries.py)

.PHONY: help demo test install bench soak build provision lint browser clients cluster clean

help:
	@echo 'make demo     fetch the runtime and the model, build, index docs/, serve with a search page'
	@echo 'make test     fetch the runtime and the model, check format and lints, run all tests, including a browser'
	@echo 'make install  put indexer, query and server into PREFIX/bin (PREFIX=$(PREFIX))'
	@echo 'make bench    compare with other libraries, in a folder of their own (downloads gigabytes)'
	@echo 'make soak     run the long forms of the tests'
	@echo 'make browser  test the widget and the search page in Chromium (needs Node.js, or root and apt)'
	@echo 'make clients  run OpenAI and schemathesis against the server (from PyPI, in a folder of their own)'
	@echo 'make cluster  test an index on OpenSearch, with one node and with three (needs Java and Maven)'

provision:
	@$(PYTHON) models/provision.py

build:
	$(CARGO) build --release --locked

demo: provision build
	$(BIN)/indexer build docs/ --index .cloze --base-url /site
	$(BIN)/server --index .cloze --listen $(LISTEN) --site docs

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --all-targets --locked -- -D warnings
	$(PYTHON) tests/check_licences.py

# The last four checks report a missing valgrind, browser, client or Java and skip their work. Under CI=true this is a
# failure.
test: provision lint
	$(CARGO) test --release --locked
	$(CARGO) build --release --locked
	$(PYTHON) tests/instructions/check.py
	$(PYTHON) tests/browser/check.py
	$(PYTHON) tests/clients/check.py
	$(PYTHON) tests/cluster/check.py

soak: provision build
	CLOZE_SOAK=1 $(CARGO) test --release --locked --test suite -- --nocapture
	$(PYTHON) tests/clients/check.py --soak
	$(PYTHON) tests/cluster/check.py --soak

browser: provision build
	$(PYTHON) tests/browser/check.py

clients: provision build
	$(PYTHON) tests/clients/check.py

cluster: provision build
	$(PYTHON) tests/cluster/check.py

install: provision build
	install -d $(PREFIX)/bin
	install -m 755 $(BIN)/indexer $(BIN)/query $(BIN)/server $(PREFIX)/bin/
	$(PYTHON) models/provision.py --into $(PREFIX)/lib/cloze

bench: provision build
	$(PYTHON) benches/run.py
	$(PYTHON) benches/compare.py all
	$(CARGO) bench --locked --bench paths

clean:
	$(CARGO) clean
	rm -rf .cloze benches/.peers
