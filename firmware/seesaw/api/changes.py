"""Settings that may be changed over the network: of the market, and of the beam.

What is right is what the firmware reads back as it was given, by config.py and tuning.py. Neither
networks, servers, keys nor pins are here: who is in the same network is not yet the owner.
"""

import json

from seesaw import config, tuning

KEYS = ("instrument", "rotation", "turn_min", "stream", "sensitivity", "quiet_from", "quiet_to",
        "tz", "center_us", "us_per_degree", "low_us", "high_us", "approach_us")  # fmt: skip


def parsed(blob: bytes) -> dict:
    """KEYS, as the app has them at its start."""
    found = config.parse(blob)
    found.update(tuning.parse(blob))
    return {key: found[key] for key in KEYS}


def changed(blob: bytes, wanted: dict) -> tuple:
    """(the new blob, b"" when there is nothing to store; what is wrong, "" for nothing)."""
    expected = parsed(blob)
    for key in wanted:
        if key not in KEYS:
            return b"", "unknown: " + key
    before = dict(expected)
    expected.update(wanted)
    settings = config.read(blob)
    settings.update(wanted)
    made = json.dumps(settings).encode()
    found = parsed(made)
    wrong = [key for key in KEYS if type(found[key]) is not type(expected[key])
             or found[key] != expected[key]]  # fmt: skip
    if not wrong and wanted.get("tz") and not _zone(wanted["tz"]):
        wrong = ["tz"]
    if not wrong and "instrument" in wanted and not _listed([wanted["instrument"]]):
        wrong = ["instrument"]
    if not wrong and not _listed(wanted.get("rotation", [])):
        wrong = ["rotation"]
    if wrong:
        return b"", "not right: " + ", ".join(wrong)
    if len(made) > config.BLOB_MAX:
        return b"", "too long"
    return b"" if found == before else made, ""


def _zone(tz: str) -> bool:
    from seesaw.core.sessions import Zone

    try:
        Zone(tz)
    except ValueError:
        return False
    return True


def _listed(names: list) -> bool:
    """Are they instruments of this release, each once?"""
    from seesaw.data.traded import exchanges  # for a change alone

    texts = [name for name in names if isinstance(name, str)]
    return len(exchanges(texts)) == len(names)
