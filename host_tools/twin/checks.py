"""Did the seesaw do its job? Pure checks of what was observed, each with its reason.

The beam is judged by the pulses on the servo's pin against the simulator's own truth, the update
by the flash and by what the bootloader started: nothing rests on the firmware's own words.
"""

from dataclasses import dataclass
from typing import Any

from host_tools.market.truth import PULSE_HIGH_US, PULSE_LOW_US

VISIBLE_US = 12.0  # least span of pulses that counts as a move: 0.3 degrees of the usual linkage
TOLERANCE_US = 3.0  # steps of the chip's PWM: 0.3 us on ESP32, 2.4 us on ESP32-S3


@dataclass(frozen=True, slots=True)
class BootSeen:
    """One boot. cause: reset cause as machine.reset_cause() says it. state: what otadata says of
    the slot just after the bootloader, such as PENDING_VERIFY."""

    t: float
    slot: str
    cause: int
    state: str
    version: str


@dataclass(frozen=True, slots=True)
class Pulses:
    """The pulses on the servo's pin, those of length 0 left out; in microseconds."""

    count: int = 0
    least_us: float = 0.0
    most_us: float = 0.0
    last_us: float = 0.0


@dataclass(frozen=True, slots=True)
class Observed:
    """A run, from power-on to power-off. flash: facts of image.inspect after it."""

    asked_s: float
    lasted_s: float
    ended: str  # reason of the device's Outcome
    pulses: Pulses
    boots: tuple[BootSeen, ...]
    faults: tuple[str, ...]
    center_us: int
    wanted_us: tuple[float, ...]  # pulses that the truth asked for over the last seconds
    offered: str  # version, "" when none was offered
    offered_s: float
    flash: dict[str, Any]
    deadband_us: float = 0.0  # a change of what is wanted that does not move the beam


@dataclass(frozen=True, slots=True)
class Check:
    check: str
    ok: bool
    words: str


def judge(seen: Observed) -> list[Check]:
    """Every check, in the order in which people ask."""
    verdicts = {
        "ran": _ran(seen),
        "moved": _moved(seen.pulses),
        "followed": _followed(seen),
        "installed": _installed(seen),
        "tried": _tried(seen),
        "confirmed": _confirmed(seen),
        "no faults": (not seen.faults, "; ".join(seen.faults) or "none on the board"),
    }
    return [Check(name, *verdict) for name, verdict in verdicts.items()]


def _ran(seen: Observed) -> tuple[bool, str]:
    whole = seen.ended == "time"
    ended = "" if whole else f", ended by: {seen.ended}"
    return whole, f"{seen.lasted_s:.1f} s of {seen.asked_s:g} s, boots: {len(seen.boots)}{ended}"


def _moved(pulses: Pulses) -> tuple[bool, str]:
    if not pulses.count:
        return False, "no pulse on the servo's pin"
    words = f"{pulses.count} pulses, {pulses.least_us:.0f} to {pulses.most_us:.0f} us"
    if pulses.least_us < PULSE_LOW_US - TOLERANCE_US or (
        pulses.most_us > PULSE_HIGH_US + TOLERANCE_US
    ):
        return False, f"{words}: outside what a servo takes"
    if pulses.most_us - pulses.least_us < VISIBLE_US:
        return False, f"{words}: less than {VISIBLE_US:.0f} us apart"
    return True, words


def _followed(seen: Observed) -> tuple[bool, str]:
    """Is the servo where the truth of the last seconds would have it? It may be on its way from
    one of these places to another."""
    if not seen.pulses.count or not seen.wanted_us:
        return False, "nothing to compare"
    least, most = min(seen.wanted_us), max(seen.wanted_us)
    last = seen.pulses.last_us
    off_us = TOLERANCE_US + seen.deadband_us
    good = least - off_us <= last <= most + off_us
    has, wants = _side(last, seen.center_us), _side(seen.wanted_us[-1], seen.center_us)
    words = f"servo {has}, {last:.0f} us; market asks for {wants}, {least:.0f} to {most:.0f} us"
    return good, words


def _side(pulse_us: float, center_us: int) -> str:
    if abs(pulse_us - center_us) < TOLERANCE_US:
        return "level"
    return "above centre" if pulse_us > center_us else "below centre"


def _other(seen: Observed) -> str:
    return "ota_1" if seen.boots and seen.boots[0].slot == "ota_0" else "ota_0"


def _installed(seen: Observed) -> tuple[bool, str]:
    if not seen.offered:
        return False, f"nothing was offered in {seen.lasted_s:.1f} s"
    other = _other(seen)
    release = {slot["label"]: slot["release"] for slot in seen.flash["slots"]}[other]
    if not release["good"]:
        return False, f"{other} holds no release: {release['why']}"
    words = f"{other} holds {release['version']}, offered {seen.offered} at {seen.offered_s:.0f} s"
    if not (release["bundle_good"] and release["runtime_good"]):
        return False, f"{words}: its hashes do not hold"
    return release["version"] == seen.offered, words


def _tried(seen: Observed) -> tuple[bool, str]:
    trial = _trial(seen)
    if trial is None:
        return False, f"{_other(seen)} was never started on trial"
    return True, f"{trial.slot} started on trial at {trial.t:.1f} s"


def _trial(seen: Observed) -> BootSeen | None:
    other = _other(seen)
    for boot in seen.boots:
        if boot.slot == other and boot.state == "PENDING_VERIFY" and boot.version == seen.offered:
            return boot
    return None


def _confirmed(seen: Observed) -> tuple[bool, str]:
    """The boot record must say VALID of the other slot, and a reset must start it."""
    other = _other(seen)
    trial = _trial(seen)
    entries = [entry for entry in seen.flash["otadata"] if entry["slot"]]
    active = max(entries, key=lambda entry: entry["seq"], default=None)
    record = f"the boot record says: {active['text']}" if active else "the boot record is empty"
    starts = seen.flash["boot"]["slot"] or seen.flash["boot"]["failure"]
    words = f"{record}; a reset would start: {starts}"
    good = bool(active and active["slot"] == other and active["state"] == "VALID")
    if not good and trial and seen.boots[-1] == trial:
        words += f"; the run ended {seen.lasted_s - trial.t:.1f} s into the trial"
    elif seen.boots and seen.boots[-1].slot != other:
        words += f"; {seen.boots[-1].slot} ran last"
        good = False
    return good and starts == other, words
