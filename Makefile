# The contents page. Each target sets up what it needs; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
IMAGE ?= build/flash.bin
# Without PORT the only board that is plugged in.
CABLE = $(if $(PORT),--port '$(PORT)')
ifdef PASSWORD
export SEESAW_PASSWORD := $(value PASSWORD)
endif
ifdef SSID
export SEESAW_SSID := $(value SSID)
endif

help: ## show this help
	@awk -F ':.*## ' '/^[a-z_-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: .venv/ready ## the main job: the seesaw follows a simulated market (ARGS="--headless --for 60 --json")
	@$(BIN)/seesaw run $(ARGS)

test: .venv/ready ## every test, on both engines
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

conformance: .venv/ready ## facts about the chip, on both engines, or on a board (PORT=...; it asks first; RECORD=FILE)
	@$(BIN)/seesaw conformance $(if $(PORT),--port $(PORT)) $(if $(RECORD),--runtime-record $(RECORD)) $(ARGS)

prove: .venv/ready ## show that this firmware cannot brick a device, or show how it does (ARGS="--report DIR")
	@$(BIN)/seesaw prove $(ARGS)

prove-full: .venv/ready ## the same, all scenarios and second cuts everywhere: more than half an hour on two cores
	@$(BIN)/seesaw prove --full $(ARGS)

zoo: .venv/ready ## the ways updates have bricked devices, planted in this firmware: all must be caught
	@$(BIN)/seesaw zoo $(ARGS)

mutants: .venv/ready ## does the proof see 200 small faults in the code that installs and confirms?
	@$(BIN)/seesaw mutants $(ARGS)

drill: .venv/ready ## rehearse the founding week, outage to post-mortem; its files are left in build/drill
	@$(BIN)/seesaw drill $(ARGS)

bench: .venv/ready ## speed and memory, as ratios taken in one run
	@$(BIN)/seesaw bench $(ARGS)

emulate: .venv/ready ## an emulated board on a serial port, for the targets below (it prints PORT)
	@$(BIN)/seesaw emulate --pty $(ARGS)

flash: .venv/ready ## write a whole flash image to a board; asks first (PORT=... IMAGE=... BOARD=... ARGS=--erase-nvs)
	@$(BIN)/seesaw flash $(CABLE) --image $(IMAGE) $(if $(BOARD),--board $(BOARD)) $(ARGS)

backup: .venv/ready ## save the whole flash of a board, keys and all (PORT=... FILE=build/backup-<MAC>.bin)
	@$(BIN)/seesaw backup $(CABLE) $(if $(FILE),--out '$(FILE)') $(ARGS)

restore: .venv/ready ## write a backup back; asks first (PORT=... FILE=build/backup-<MAC>.bin)
	@$(if $(FILE),:,$(error name the backup: make restore FILE=build/backup-240ac4000001.bin))
	@$(BIN)/seesaw restore $(CABLE) '$(FILE)' $(ARGS)

selftest: .venv/ready ## does every part of a device work? Asks what you see (PORT=... ARGS="--yes --record FILE")
	@$(BIN)/seesaw selftest $(CABLE) $(ARGS)

boards: .venv/ready ## draw the wiring of every board anew, with parts and manifest
	@$(BIN)/seesaw boards

deploy: .venv/ready ## install the working tree by cable, with trial and rollback (PORT=... RELEASE=r.zip for that)
	@$(BIN)/seesaw deploy $(CABLE) $(if $(RELEASE),--release $(RELEASE)) $(ARGS)

try: .venv/ready ## run the working tree off this machine, touching no flash (PORT=...)
	@$(BIN)/seesaw try $(CABLE) $(ARGS)

config: .venv/ready ## settings by cable (PORT=... SSID=... PASSWORD=... INSTRUMENT=...)
	@$(BIN)/seesaw config $(CABLE) $(if $(value SSID),--ssid "$$SEESAW_SSID") \
	  $(if $(INSTRUMENT),--instrument '$(INSTRUMENT)') $(ARGS)

console: .venv/ready ## the serial console; Ctrl-] leaves (PORT=... ARGS="--capture FILE")
	@$(BIN)/seesaw console $(CABLE) $(ARGS)

diag: .venv/ready ## how is it? One paste for support (PORT=...; FILE=paste.txt reads one that came)
	@$(BIN)/seesaw diag $(if $(FILE),read '$(FILE)',$(CABLE)) $(ARGS)

pictures: .venv/ready ## take the pictures of the README anew (needs Chromium)
	@for of in page faults fleet; do \
	  $(BIN)/seesaw screenshot --of $$of --width 1100 --out host_tools/twin/pictures/$$of.png || exit; done

clean: ## remove what was built
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seesaw needs Python 3.11 or newer; try make PYTHON=python3.11")'
	@echo "setting up .venv (once, about a minute) ..." >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip --disable-pip-version-check install -q -e '.[dev,calendar]'
	@touch $@

.PHONY: help run test conformance prove prove-full zoo mutants bench drill emulate flash backup restore selftest boards deploy try config console diag pictures clean
