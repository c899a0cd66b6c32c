"""Whose turn it is in a rollout: rules alone (firmware/SPEC.md, "Choice").

start_epoch, start_percentage and duration_minutes mean what Fedora CoreOS means by them.
"""

import hashlib

from micropython import const

_LOOK_S = const(21600)  # between two ordinary looks: the clock of a device that has no other
_START_LOOKS = const(28)  # a week: by then a device without a clock takes a rollout for begun
_LOOKS_MAX = const(255)  # as many as are counted, two months: by then it takes it for over
_SHARE = const(10000)  # of the devices: all of them


def bucket(device: bytes, version: str, early: list) -> int:
    """The place of the device with this id among 10 000, for this version: always the same, and
    another for the next version, so that no device is always among the first. -1 when it is named
    among `early`, by the number that the place is made of: before all others."""
    digest = hashlib.sha256(device + b"\x00" + version.encode()).digest()
    number = int.from_bytes(digest[:4], "big")
    return -1 if number in early else number % _SHARE


def since(start_epoch: int, times: tuple, looks: "int | None") -> int:
    """Seconds since the start of a rollout, by the later of clock and bound. Without a clock each
    look that this release was passed over adds to the bound what lies between two looks."""
    bound_s = times[1] or 0
    if looks is None:
        return max(times[0], bound_s) - start_epoch
    if looks >= _LOOKS_MAX:
        return 1 << 32
    return max(bound_s - start_epoch, -_START_LOOKS * _LOOK_S) + looks * _LOOK_S


def share(start_percentage: int, duration_minutes: int, elapsed_s: int) -> int:
    """How many of 10 000 devices may take a release so many seconds after its start: evenly more,
    from the percentage to all. It stays at the percentage when the duration is 0."""
    if elapsed_s < 0:
        return 0
    first, duration_s = start_percentage * (_SHARE // 100), duration_minutes * 60
    if duration_s <= 0:
        return first
    return first + (_SHARE - first) * min(elapsed_s, duration_s) // duration_s
