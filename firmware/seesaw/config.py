"""The owner's settings: one JSON blob, read by older and newer releases alike.

The schema only grows. A key that is missing, unknown or of the wrong type costs that key alone.
"""

import json

BLOB_MAX = 2048  # bytes
PIN_MAX = 48  # the highest GPIO of any chip; whoever writes the settings knows the board

DEFAULTS = {
    "ssid": "",
    "password": "",
    "instrument": "sp500",  # what the feed does not know, it takes for this one
    "poll_s": 60,  # between two quotes
    "check_s": 21600,  # between two looks for a release
    "update_url": "",
    "providers": {},  # name -> base URL, in place of the provider's own
    "ntp": "",  # servers, "host" or "host:port", two at most, a blank between; "" for our own
    "servo_pin": 18,
    "center_us": 1500,  # pulse of the level beam
    "us_per_degree": 40,  # of the beam
}


def load(store: object) -> bytes:
    """The blob as it was last saved, or its copy. store: port.board.Store."""
    return store.get("config", BLOB_MAX) or store.get("config_b", BLOB_MAX)


def save(store: object, blob: bytes) -> None:
    """Durable when this returns; the old settings or the new ones after a power cut. Raises
    OSError. The copy goes first: ESP-IDF may lose a small blob whose replacement is cut off."""
    store.put("config_b", blob)
    store.put("config", blob)


def parse(blob: bytes) -> dict:
    """Settings from the blob; the defaults for whatever it does not say."""
    settings = dict(DEFAULTS)
    try:
        found = json.loads(blob) if blob else {}
    except (ValueError, RuntimeError):
        found = {}
    if not isinstance(found, dict):
        found = {}
    for key in DEFAULTS:
        if key in found and type(found[key]) is type(DEFAULTS[key]):
            settings[key] = found[key]
    settings["poll_s"] = min(max(1, settings["poll_s"]), 3600)
    # At least daily: the launcher asks for an updater every 26 hours.
    settings["check_s"] = min(max(5, settings["check_s"]), 86400)
    if not 0 <= settings["servo_pin"] <= PIN_MAX:
        settings["servo_pin"] = DEFAULTS["servo_pin"]
    bases = settings["providers"]
    settings["providers"] = {name: bases[name] for name in bases if isinstance(bases[name], str)}
    if not 8 <= abs(settings["us_per_degree"]) <= 41:
        settings["us_per_degree"] = DEFAULTS["us_per_degree"]
    if not 1000 <= settings["center_us"] <= 2000:
        settings["center_us"] = DEFAULTS["center_us"]
    return settings
