"""What a factory reset leaves of the settings: what the maker has set, and the owner never does.

Without `update_url` the device could not be updated any more, without pins and calibration it would
not be this seesaw. All else is the owner's, what only newer releases know included.
"""

import json

MAKERS = ("update_url", "servo_pin", "button_pin", "power_pin", "center_us", "us_per_degree",
          "low_us", "high_us", "approach_us")  # fmt: skip


def makers(blob: bytes) -> bytes:
    """The blob of settings without the owner's."""
    try:
        found = json.loads(blob or b"{}")
    except (ValueError, RuntimeError):
        found = None
    kept = {}
    if isinstance(found, dict):
        for key in MAKERS:
            if key in found:
                kept[key] = found[key]
    return json.dumps(kept).encode()
