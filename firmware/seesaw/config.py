"""The owner's settings: one JSON blob, read by older and newer releases alike.

The schema only grows. A key that is missing, unknown or of the wrong type costs that key alone.
The settings of the beam are in tuning.py: the updater does without them.
"""

import json
from binascii import unhexlify

BLOB_MAX = 2048  # bytes

DEFAULTS = {
    "ssid": "",
    "ssid_hex": "",  # in place of ssid, where a name is no text
    "password": "",
    "instrument": "sp500",  # what the feed does not know, it takes for this one
    "rotation": [],  # further instruments, shown in turn with that one: core.turn has the names
    "poll_s": 60,  # between two quotes
    "check_s": 21600,  # between two looks for a release
    "update_url": "",
    "providers": {},  # name -> base URL, in place of the provider's own
    "keys": {},  # provider -> the owner's key there
    "stream": False,  # beside polling, where the instrument has one
    "ntp": "",  # servers, "host" or "host:port", two at most, a blank between; "" for our own
}
SECONDS = {  # limits
    "poll_s": (1, 3600),
    # At least daily: the launcher asks for an updater every 26 hours.
    "check_s": (5, 86400),
}


def load(store: object) -> bytes:
    """The blob as it was last saved, or its copy. store: port.board.Store."""
    return store.get("config", BLOB_MAX) or store.get("config_b", BLOB_MAX)


def save(store: object, blob: bytes) -> None:
    """Durable when this returns; the old settings or the new ones after a power cut. Raises
    OSError. The copy goes first: ESP-IDF may lose a small blob whose replacement is cut off."""
    store.put("config_b", blob)
    store.put("config", blob)


def read(blob: bytes) -> dict:
    """What the blob says, unchecked; {} when it is spoilt."""
    try:
        found = json.loads(blob) if blob else {}
    except (ValueError, RuntimeError):
        found = {}
    return found if isinstance(found, dict) else {}


def parse(blob: bytes, defaults: dict = DEFAULTS) -> dict:
    """Settings from the blob; the defaults for whatever it does not say."""
    settings = dict(defaults)
    found = read(blob)
    for key in defaults:
        value = found.get(key)
        if type(value) is type(defaults[key]):
            if key in SECONDS:
                least, most = SECONDS[key]
                value = min(max(least, value), most)
            elif type(value) is dict:  # what is in one is text
                value = {name: value[name] for name in value if isinstance(value[name], str)}
            settings[key] = value
    if settings.get("ssid_hex"):
        try:
            settings["ssid"] = unhexlify(settings["ssid_hex"])
        except ValueError:
            pass
    return settings
