"""What must hold in every run of a seesaw, whatever the world does, seen from outside the firmware.

- A slot is only ever selected when it holds a release byte for byte: no reply but a valid one, and
  nothing half written, changes what will boot.
- No release is confirmed for the first time unless its updater fetched an offer and a part of a
  bundle in this very boot, nor before its trial's time is over.
- What calls itself confirmed is so in the boot record.
- A confirmed release is left for an older one only with a reason code, or when its slot is damaged;
  and not as one whose updater never completes, when of late it has looked, and nothing fell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from host_tools.emulator.board import WDT
from host_tools.emulator.flash import PAGE
from host_tools.emulator.nvs import NvsError

if TYPE_CHECKING:
    from host_tools.prove.seesaw import LiveSeesaw

VERSION = slice(100, 124)  # of a trailer (firmware/SPEC.md, "Trailer")
MAGIC = b"SEESAW\x00\x01"
FETCHED = (200, 206)
DEAF = 2  # why a slot was left (SPEC, "NVS")
UPDATER_S = 26 * 3600  # an updater must have completed by then (SPEC, "Launcher")
NEWEST = ("timestamp.json", "release.json")  # the second, for releases from before trust


class Invariants:
    """Watches one power cycle; `broken` is the first thing that must not have happened."""

    def __init__(self, live: LiveSeesaw) -> None:
        self.live = live
        self.broken = ""
        self._asked = 0  # requests to the update server before this boot
        self._booted_us = self._booted_at = 0
        self._stable = ""  # the newest version that ran confirmed in this power cycle
        self._stable_at = 0  # since when

    def booted(self, slot: str) -> None:
        """Just after the bootloader: see what it started, and stand between firmware and chip."""
        board = self.live.device.board
        self._asked = len(self.live.updates.log)
        self._booted_us = self.live.device.clock.now_us
        self._booted_at = self.live.market.clock.epoch()
        version = self.version(slot)
        after = board.storage.running
        if self._older(version) and not self._left():
            self._break(f"{version} runs in {after.label} after {self._stable}, without a reason")
        self._guard("part_set_boot", lambda base: self._selects(base))
        self._guard("part_mark_valid", lambda: self._confirms())

    def runs(self, slot: str, version: str, said: str) -> None:
        """A line of the serial: this version runs there. It counts once it is no trial any more."""
        if said == "confirmed" and not self.live.updated(version):
            self._break(f"says that {version} is confirmed, and the boot record does not")
        if version != self._stable and self.live.updated(version):
            self._stable, self._stable_at = version, self.live.market.clock.epoch()

    def version(self, slot: str) -> str:
        """What the trailer of a slot says, "" for none."""
        place = self.live.subject.kit.board.partition(slot)
        raw = self.live.flash.read(place.offset + place.size - PAGE, PAGE)
        return raw[VERSION].rstrip(b"\0").decode("ascii", "replace") if raw[:8] == MAGIC else ""

    def _guard(self, name: str, check: Callable[..., None]) -> None:
        calls = self.live.device.board.calls
        real = calls[name]

        def guarded(*args: Any) -> Any:
            check(*args)
            return real(*args)

        calls[name] = guarded

    def _break(self, words: str) -> None:
        self.broken = self.broken or words

    def _selects(self, base: int) -> None:
        place = next(p for p in self.live.subject.kit.board.partitions if p.offset == base)
        version = self.version(place.label)
        if not self.live.subject.holds(self.live.flash, place.label, version):
            self._break(f"selects {place.label}, which holds no release, trailer {version or '-'}")

    def _confirms(self) -> None:
        trial = self._trial()
        slot = self.live.device.board.storage.running.label
        if trial.get("version") != self.version(slot):
            return  # no first confirm: its boot record had to be healed
        ran_s = (self.live.device.clock.now_us - self._booted_us) // 1_000_000
        if ran_s < trial.get("trial_s", 0):
            self._break(f"confirms {trial['version']} after {ran_s} s of {trial['trial_s']}")
        since = list(self.live.updates.log)[self._asked :]
        fetched = [path for _, _, path, status in since if status in FETCHED]
        offer = any(path.endswith(NEWEST) for path in fetched)
        prices = [at for at, *_, status in self.live.market.site.log if status == FETCHED[0]]
        if trial.get("feed") and not any(at >= self._booted_at for at in prices):
            self._break(f"confirms {trial['version']}, which had no price in its trial")
        if trial.get("server") and not (offer and any("bundle" in path for path in fetched)):
            self._break(f"confirms {trial['version']}, whose updater fetched nothing in its trial")

    def _trial(self) -> dict[str, Any]:
        try:
            found = json.loads(self.live.device.board.storage.nvs.get_blob("seesaw", "update"))
        except (NvsError, ValueError):
            return {}
        trial = found.get("trial") if isinstance(found, dict) else None
        return trial if isinstance(trial, dict) else {}

    def _older(self, version: str) -> bool:
        return bool(self._stable and version) and _numbers(version) < _numbers(self._stable)

    def _left(self) -> bool:
        """Is there a reason code, or is the slot of the newer release damaged?"""
        board = self.live.device.board
        try:
            reason = board.storage.nvs.get_i32("seesaw", "left")
        except NvsError:
            reason = 0
        if reason:
            fell = self.live.said("Traceback") or self.live.happened(f"cause {WDT}")
            return reason != DEAF or fell or not self._looked()
        other = "ota_1" if board.storage.running.label == "ota_0" else "ota_0"
        return not self.live.subject.holds(self.live.flash, other, self._stable)


    def _looked(self) -> bool:
        """Has the server answered a look of that release of late?"""
        since = max(self._stable_at, self.live.market.clock.epoch() - UPDATER_S)
        return any(
            at >= since and status == FETCHED[0] and path.partition("?")[0].endswith(NEWEST)
            for at, _, path, status in self.live.updates.log
        )


def _numbers(version: str) -> list[int]:
    return [int("".join(c for c in part if c.isdigit()) or 0) for part in version.split(".")]
