"""What the page shows of a fleet: one state, made anew a few times a second."""

import threading
import time
from collections import deque
from typing import Any

from host_tools.twin.fleet import Fleet, Unit
from host_tools.twin.words import Line

LOG_LINES = 60
EVERY_S = 0.2  # between two states
FILES = {  # of the page, as twin.page.FILES
    "/": ("fleet.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/fleet.css": ("fleet.css", "text/css; charset=utf-8"),
    "/common.js": ("common.js", "text/javascript; charset=utf-8"),
    "/fleet.js": ("fleet.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


class FleetView:
    """`hear` what happens, `look` between two steps; others `wait` and read."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._closed = False
        self._state: dict[str, Any] = {}
        self._version = 0
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LINES)
        self._lines = 0
        self._looked_s = 0.0
        self._began_ms = round(time.time() * 1000)

    def hear(self, t: float, unit: Unit | None, line: Line) -> None:
        """From any thread."""
        who = f"Seesaw {unit.number}: " if unit else ""
        with self._changed:
            self._lines += 1
            told = {"t": round(t, 1), "kind": line.kind, "text": who + line.text}
            self._log.append({"seq": self._lines, **told})

    def look(self, fleet: Fleet, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._looked_s < EVERY_S:
            return
        self._looked_s = now
        with self._changed:
            self._state = self._compose(fleet)
            self._version += 1
            self._changed.notify_all()

    def state(self) -> dict[str, Any]:
        with self._changed:
            return self._state

    def wait(self, seen: dict[str, int], seconds: float) -> dict[str, Any] | None:
        with self._changed:
            fresh = self._changed.wait_for(
                lambda: self._closed or seen.get("state") != self._version, seconds
            )
            if self._closed:
                return None
            seen["state"] = self._version
            return {"state": self._state} if fresh else {}

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _compose(self, fleet: Fleet) -> dict[str, Any]:
        version = fleet.release.version if fleet.release else ""
        return {
            "run": self._began_ms,
            "t": round(fleet.t),
            "rollout": {
                "version": version,
                "percent": fleet.percent,
                "halted": fleet.halted,
                "crashing": fleet.crashing,
                "last": fleet.is_whole,
            },
            "pace": fleet.lockstep.told(),
            "units": [_unit(unit, version) for unit in fleet.units],
            "log": list(self._log),
        }


def _unit(unit: Unit, version: str) -> dict[str, Any]:
    return {
        "number": unit.number,
        "id": unit.id.hex(),
        "instrument": unit.instrument.title,
        "state": unit.state,
        "version": unit.version,
        "status": "ended" if unit.ended else unit.status,
        "place": unit.place(version) if version else None,
        "angle": round(unit.angle, 2),
    }
