.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: ahead bench check docs layers help judges lint lock machines messages mutate mutate-manifest mutate-proofs ordeal quick quick-tests races run setup test types

PORT ?= 8000
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python3.12 python3.13,$(shell command -v $(name))))
PIP := .venv/bin/pip --disable-pip-version-check
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options
PYTEST := .venv/bin/pytest --numprocesses auto --maxprocesses 8 --dist worksteal
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runtime $(CATALOGUES) ## Set everything up and serve the site: PORT=8123 make run
	@exec .venv/bin/flask site serve --port $(PORT)

setup: .venv/.runtime $(CATALOGUES) ## Only set up what the server needs, for a deployment
	@.venv/bin/python -m compileall -q neupusti

test: .venv/.dev $(CATALOGUES) ## The tests; NEUPUSTI_REQUIRE_ALL=1 lets nothing be skipped
	@exec $(PYTEST) --mostly sqlite -m "not packages"

ahead: .venv/.dev $(CATALOGUES) ## The tests on PostgreSQL, two minutes before the end of next year in Almaty
	@eve=$$(date --date="$$(($$(date +%Y) + 1))-12-31 18:58 UTC" +%s); \
	SECONDS_AHEAD=$$((eve - $$(date +%s))) PYTHONPATH="$$PWD:$$PWD/tests/ahead" exec $(PYTEST) --mostly postgresql -m "not browser and not packages" --ignore=tests/contracts --ignore=tests/journeys

ordeal: .venv/.dev $(CATALOGUES) ## The longest tests at their full size, and what installs packages
	@exec $(PYTEST) --ordeal --kills 200 -k "(ordeal or kills or packages) and not test_machines and not test_races"

machines: .venv/.dev $(CATALOGUES) ## Three copies behind nginx, killed and started for a quarter of an hour
	@exec .venv/bin/pytest --ordeal -s tests/deploy/test_machines.py

races: .venv/.dev $(CATALOGUES) ## Undo, kills and writers against a destruction, hundreds of times
	@exec $(PYTEST) --ordeal tests/erasure/test_races*.py

quick: .venv/.dev $(CATALOGUES) ## What can be checked at once: no browser, no PostgreSQL, nothing slow
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=line quick-tests lint types layers

quick-tests:
	@exec $(PYTEST) --mostly sqlite -m "not browser and not postgresql and not packages and not slow"

check: lint types layers test ## Everything a change must pass, and what is due by now
	.venv/bin/flask site check

lint: .venv/.dev ## Style of Python and of templates
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/djlint --quiet --lint templates

types: .venv/.dev ## Static types
	.venv/bin/mypy

layers: .venv/.dev ## Who may import whom
	.venv/bin/lint-imports

mutate-manifest: .venv/.dev $(CATALOGUES) ## Show that no entry of a manifest can be forgotten
	@.venv/bin/python -m tests.contracts.mutate_manifest

mutate: .venv/.dev $(CATALOGUES) ## Show that the tests of the guarded modules notice a change
	@.venv/bin/python -m tests.contracts.mutate

mutate-proofs: .venv/.dev $(CATALOGUES) ## The same of every change of the proofs, however long it takes
	@.venv/bin/python -m tests.contracts.mutate --ordeal

bench: .venv/.dev $(CATALOGUES) ## Speed, weight, start and memory against their targets
	.venv/bin/python -m bench.pages
	.venv/bin/python -m bench.consent
	.venv/bin/python -m bench.accounts
	.venv/bin/python -m bench.access
	.venv/bin/python -m bench.hostile
	.venv/bin/python -m bench.shop
	.venv/bin/python -m bench.newsletter
	.venv/bin/python -m bench.rights
	.venv/bin/python -m bench.blocking
	.venv/bin/python -m bench.erasure
	.venv/bin/python -m bench.proofs
	.venv/bin/python -m bench.proofs --postgresql
	.venv/bin/python -m bench.restore
	.venv/bin/python -m bench.search
	.venv/bin/python -m bench.search --postgresql
	.venv/bin/python -m bench.silence

judges: .venv/.runtime $(CATALOGUES) ## Outside judges on a running site: Lighthouse, pa11y and others (needs npm)
	@exec judges/run.sh

messages: .venv/.dev ## Bring new English strings into the catalogues
	.venv/bin/pybabel --quiet extract --mapping-file pyproject.toml --keywords "lazy_gettext lazy_ngettext:1,2 lazy_pgettext:1c,2" \
		--add-location file --sort-by-file --project Neupusti --output-file messages.pot .
	for language in ru kk; do \
		command=$$(test -f translations/$$language/LC_MESSAGES/messages.po && echo update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || echo init); \
		.venv/bin/pybabel --quiet $$command --input-file messages.pot --output-dir translations --locale $$language || exit 1; \
	done

docs: .venv/.runtime ## Bring the tables into the README and docs/: settings, routes, data map
	.venv/bin/flask site docs

lock: .venv/.dev ## Choose the newest versions that fit, and write both locks
	$(COMPILE) --upgrade --output-file requirements.txt pyproject.toml
	$(COMPILE) --upgrade --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

# The locks name all there is, so pip has nothing to resolve: no later release changes what is installed.
define INSTALL
$(PIP) install --quiet --no-deps --require-hashes --requirement $<
@$(PIP) check || { echo "What is left in .venv does not fit $<: remove .venv and start again." >&2; exit 1; }
endef

# The stamps make a second start quick: nothing is installed unless its lock has changed.
.venv/bin/pip:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: PYTHON=/path/to/python3 make" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv

.venv/.runtime: requirements.txt | .venv/bin/pip
	$(INSTALL)
	@touch $@

.venv/.dev: requirements-dev.txt | .venv/bin/pip
	$(INSTALL)
	@touch $@ .venv/.runtime

%.mo: %.po | .venv/.runtime
	.venv/bin/pybabel --quiet compile --input-file $< --output-file $@.part && mv $@.part $@
