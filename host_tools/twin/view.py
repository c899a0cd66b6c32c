"""What the page shows of a scene: one state, kept up to date while the board runs.

The thread that runs the board writes; any number of others wait for changes and read.
"""

import threading
import time
from collections import deque
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from host_tools.emulator.flash import PAGE
from host_tools.market.truth import PULSE_HIGH_US, PULSE_LOW_US, TILT_MAX_DEG
from host_tools.twin import flash_map, words
from host_tools.twin.reports import OTHERS, Event, Quote, Report
from host_tools.twin.scene import Scene
from host_tools.twin.slots import Slot

LOG_LINES = 60
SINCE = {"index": "since the last close", "crypto": "in 24 hours"}
TRIAL, CONFIRMED = "PENDING_VERIFY", "VALID"
OFF = ("power-cut", "brown-out")
ENDS = ("boot", *OFF)  # of whatever ran
DEAD = ("INVALID", "ABORTED")
# Events that say what becomes of the slot that does not run.
PHASES = {"offer": "installing", "installed": "installed", "present": "installed"}


class View:
    """`hear` every report of the scene, then ask `state` and `beam`, or `wait` for a change."""

    def __init__(self) -> None:
        self._scene: Scene | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._version = {"state": 0, "beam": 0}
        self._state: dict[str, Any] = {}
        self._quote: Quote | None = None
        self._other = ""  # the state of the program that runs in place of the app
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LINES)
        self._lines = 0
        self._slots: list[Slot] = []
        self._looked = -1  # operations on the flash when the map was drawn
        self._regions: list[dict[str, Any]] = []
        self._running = ""
        self._on_trial = ("", "")  # slot and version
        self._phase: dict[str, str] = {}
        self._verdict = ""  # of the firmware on the other slot's trial
        self._pulse_us = self._last_us = 0.0
        self._angle = 0.0
        self._at_ms = 0.0
        self._began_ms = time.time() * 1000
        self._epoch_ms = self._began_ms - time.monotonic() * 1000

    def attach(self, scene: Scene) -> None:
        """The scene, before it runs."""
        self._scene = scene
        self._center_us = scene.settings["center_us"]
        self._us_per_degree = scene.settings["us_per_degree"]
        self._slots = scene.slots()
        scene.watch_pulse = self._pulse
        scene.watch_rest = self._publish
        self._publish()

    # -- written by the thread of the board ------------------------------------------------

    def hear(self, report: Report) -> None:
        """Every report of the scene."""
        if self._scene is None:
            return
        if isinstance(report, Quote):
            self._hear_quote(report)
        else:
            self._hear_event(report, self._scene)
        self._publish()

    def _hear_quote(self, quote: Quote) -> None:
        before = (self._quote.state, self._quote.sign) if self._quote else ("LIVE", "-")
        if (quote.state, quote.sign or before[1]) != before:
            told = words.feed(quote.state, quote.why, quote.sign)
            self._write(quote.t, words.Line("feed", told))
        self._quote = quote
        self._other = ""

    def _hear_event(self, event: Event, scene: Scene) -> None:
        fallen = ""
        if event.event in ENDS:
            self._other = ""
        self._other = next((s for s, name in OTHERS.items() if name == event.event), self._other)
        if event.event == "boot":
            fallen = self._boot(event)
        elif event.event in OFF:
            self._running = ""
            self._quote = None
        elif event.event == "settled":
            self._verdict = event.words.partition(" ")[0]
        elif event.event in PHASES:
            self._verdict = ""
            others = [slot.label for slot in self._slots if slot.label != self._running]
            self._phase = dict.fromkeys(others, PHASES[event.event])
        elif event.event == "confirmed":
            self._on_trial = ("", "")
        elif event.event == "trial":
            self._on_trial = (event.slot, event.version)
        self._write(event.t, words.line(event))
        if fallen:
            self._write(event.t, words.rollback(event.version, event.slot, fallen))
        self._slots = scene.slots()

    def _boot(self, event: Event) -> str:
        """The version on trial before this boot, when this is another slot; else ""."""
        slot, version = self._on_trial
        self._running = event.slot
        self._on_trial = ("", "")
        self._phase = {}
        return version if slot not in ("", event.slot) else ""

    def _write(self, t: float, line: words.Line | None) -> None:
        if line is not None:
            self._lines += 1
            self._log.append(
                {"seq": self._lines, "t": round(t, 1), "kind": line.kind, "text": line.text}
            )

    def _pulse(self, us: float) -> None:
        """A pulse on the servo's pin, 0 when it ends: then friction holds the beam."""
        with self._changed:
            self._pulse_us = us
            if us:
                self._last_us = us
                self._angle = (us - self._center_us) / self._us_per_degree
            self._at_ms = self._epoch_ms + time.monotonic() * 1000
            self._version["beam"] += 1
            self._changed.notify_all()

    def _publish(self) -> None:
        assert self._scene
        state = self._compose(self._scene)
        with self._changed:
            self._state = state
            self._version["state"] += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- read by others --------------------------------------------------------------------

    def wait(self, seen: dict[str, int], seconds: float) -> dict[str, Any] | None:
        """What changed since `seen`, which is brought up to date: {"state": ..., "beam": ...}, or
        one of them, or none after `seconds`. None when the show is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or seen != self._version, seconds)
            if self._closed:
                return None
            found = {"state": self._state, "beam": self._beam()}
            new = {key: found[key] for key in found if seen.get(key) != self._version[key]}
            seen.update(self._version)
            return new

    def state(self) -> dict[str, Any]:
        """Everything at once."""
        with self._changed:
            return {**self._state, "beam": self._beam()}

    def _beam(self) -> dict[str, Any]:
        """angle: degrees, up positive, of the last pulse; last_us: its length, 0 before the first.
        pulse_us: the pulse now, 0 for none. at_ms: when that changed, since 1970."""
        return {
            "angle": round(self._angle, 3),
            "last_us": round(self._last_us, 1),
            "pulse_us": round(self._pulse_us, 1),
            "at_ms": round(self._at_ms, 1),
        }

    # -- composing -------------------------------------------------------------------------

    def _compose(self, scene: Scene) -> dict[str, Any]:
        running = next((slot for slot in self._slots if slot.label == self._running), None)
        quote = self._quote
        return {
            "run": round(self._began_ms),  # another one: the page forgets what it wrote
            "power": scene.plug.on,
            "instrument": scene.shown.title,
            "market": _market(scene),
            "faults": scene.faults.told(),
            "pace": scene.pace.told(),
            **self._feed(scene),
            "limits": {"low_us": PULSE_LOW_US, "high_us": PULSE_HIGH_US, "tilt_deg": TILT_MAX_DEG},
            "running": {
                "slot": words.letter(running.label) if running else "",
                "version": running.version if running else "",
                "trial": bool(running and self._status(running) == "trial"),
                "trust": words.TRUST.get(quote.root, "") if quote and running else "",
            },
            "slots": [self._slot(slot) for slot in self._slots],
            "flash": self._flash(scene),
            "log": list(self._log),
        }

    def _feed(self, scene: Scene) -> dict[str, Any]:
        quote = self._quote
        if not scene.plug.on:
            state, sentence = "OFF", words.OFF
        elif self._other:
            state, sentence = self._other, words.STATES[self._other]
        elif quote is None:
            state, sentence = "STARTING", words.STARTING
        else:
            state, sentence = quote.state, words.feed(quote.state, quote.why, quote.sign)
        price = quote.price if quote and scene.plug.on else None
        decimals = scene.shown.decimals
        return {
            "feed": {"state": state, "words": sentence},
            "price": None if price is None else f"{price:,.{decimals}f}",
            "change_since": SINCE[scene.shown.kind],
            "change_percent": quote.change_percent if quote and price is not None else None,
        }

    def _flash(self, scene: Scene) -> dict[str, Any]:
        """Looked at anew only when something was written since."""
        flash = scene.device.flash
        if self._looked != flash.ops:
            self._looked = flash.ops
            regions = flash_map.look(flash, scene.board.bootloader_offset)
            self._regions = [asdict(one) for one in regions]
        return {"size": flash.size, "sector": PAGE, "runs": self._running,
                "regions": self._regions}  # fmt: skip

    def _slot(self, slot: Slot) -> dict[str, Any]:
        status = self._status(slot)
        return {
            "label": slot.label,
            "letter": words.letter(slot.label),
            "version": slot.version,
            "runs": slot.label == self._running,
            "status": status,
            "words": words.SLOT[status],
        }

    def _status(self, slot: Slot) -> str:
        """One of words.SLOT, from the boot record and, for a trial that ended, the firmware."""
        starts = next((one for one in self._slots if one.selected), self._slots[0])
        if not self._running and slot == starts:
            return "off"
        if slot.label == self._running:
            return {TRIAL: "trial", CONFIRMED: "confirmed"}.get(slot.state, "running")
        if slot.label in self._phase:
            return self._phase[slot.label]
        if not slot.version:
            return "empty"
        if slot.state in DEAD:
            return self._verdict if self._verdict in words.SLOT else "failed"
        return "installed" if slot.state == "NEW" else "reserve"


def _market(scene: Scene) -> dict[str, Any]:
    """time: at the exchange."""
    zone = ZoneInfo(scene.shown.zone)
    now = datetime.fromtimestamp(scene.wall(), zone)
    market = scene.market
    return {
        "simulated": market is not None,
        "recorded": scene.world.recorded,
        "rate": market.clock.rate if market else 1,
        "time": f"{now:%A} {now.day} {now:%B %Y}, {now:%H:%M} {now.tzname()}",
    }
