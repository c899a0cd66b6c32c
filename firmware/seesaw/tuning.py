"""The owner's settings of servo and beam: part of the blob that config.py reads (SPEC, "NVS").

Only the app has them. What lies outside its limits takes its default, and costs that key alone.
"""

from seesaw import config

PIN_MAX = 48  # the highest GPIO of any chip; whoever writes the settings knows the board
TZ_MAX = 48  # characters

DEFAULTS = {
    "servo_pin": 18,
    "button_pin": -1,  # GPIO of the button, to ground; -1 for none
    "power_pin": -1,  # GPIO that switches the servo's supply; -1 for none
    "center_us": 1500,  # pulse of the level beam
    "us_per_degree": 40,  # of the beam: the linkage's ratio, and by its sign the direction
    "low_us": 1000,  # the calibrated range: no pulse ever leaves it
    "high_us": 2000,
    "approach_us": 20,  # a move's last stretch, against backlash; below 0 it falls, 0 for none
    "sensitivity": 100,  # percent
    "quiet_from": 0,  # minutes of the owner's day; the same twice: no quiet hours
    "quiet_to": 0,
    "turn_min": 30,  # minutes of an instrument's turn, where several have one
    "tz": "",  # the owner's zone, POSIX; "" for UTC
}
LIMITS = {
    "servo_pin": (0, PIN_MAX),
    "button_pin": (-1, PIN_MAX),
    "power_pin": (-1, PIN_MAX),
    "center_us": (1000, 2000),
    "us_per_degree": (-41, 41),
    "low_us": (1000, 2000),
    "high_us": (1000, 2000),
    "approach_us": (-60, 60),
    "sensitivity": (25, 400),
    "quiet_from": (0, 1439),
    "quiet_to": (0, 1439),
    "turn_min": (5, 240),
}


def parse(blob: bytes) -> dict:
    """These settings from the blob; the defaults for whatever it does not say."""
    settings = config.parse(blob, DEFAULTS)
    for key in LIMITS:
        least, most = LIMITS[key]
        if not least <= settings[key] <= most:
            settings[key] = DEFAULTS[key]
    if abs(settings["us_per_degree"]) < 8:
        settings["us_per_degree"] = DEFAULTS["us_per_degree"]
    if not settings["low_us"] <= settings["center_us"] <= settings["high_us"]:
        settings["low_us"], settings["high_us"] = DEFAULTS["low_us"], DEFAULTS["high_us"]
    if len(settings["tz"]) > TZ_MAX:
        settings["tz"] = DEFAULTS["tz"]
    return settings
