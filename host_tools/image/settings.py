"""The settings file that `--config` names: checked here, stored in NVS as one blob."""

import difflib
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from host_tools.errors import UserError
from host_tools.image import files

SSID_MAX = 32  # bytes, IEEE 802.11
PASSWORD_MIN = 8  # bytes, WPA2
PASSWORD_MAX = 64  # bytes: 63 of text or 64 hexadecimal digits
SECONDS_MAX = 86400  # the launcher asks for an updater every 26 hours
TEXT_MAX = 200  # characters of a URL
PROVIDERS_MAX = 16
NTP_MAX = 2  # servers
BLOB_MAX = 1900  # bytes: one NVS chunk that leaves room for its successor
NUMBERS = {  # whole numbers: (least, most, unit)
    "poll_s": (1, 3600, "seconds"),
    "check_s": (5, SECONDS_MAX, "seconds"),
    "servo_pin": (0, 48, "the GPIO"),  # of any chip; Board.taken knows those of one
    "center_us": (1000, 2000, "microseconds"),
    "us_per_degree": (8, 41, "microseconds a degree, negative to turn the other way"),
    "low_us": (1000, 2000, "microseconds, at most center_us"),
    "high_us": (1000, 2000, "microseconds, at least center_us"),
    "sensitivity": (25, 400, "percent"),
    "approach_us": (-60, 60, "microseconds, negative to come from above, 0 for no overshoot"),
    "button_pin": (-1, 48, "the GPIO, -1 for none"),
    "power_pin": (-1, 48, "the GPIO, -1 for none"),
    "quiet_from": (0, 1439, "minutes of the day"),
    "quiet_to": (0, 1439, "minutes of the day"),
    "turn_min": (5, 240, "minutes of an instrument's turn"),
}
ROTATION_MAX = 16  # instruments
TZ_MAX = 48  # characters
TZ = re.compile(r"[A-Za-z<>0-9+\-:,./]*")
SSID_HEX = re.compile(r"([0-9a-fA-F]{2}){0,32}")
FEEDS = Path(__file__).parents[2] / "firmware" / "seesaw" / "data" / "feeds.json"
KEYS = ("ssid", "password", "ssid_hex", "instrument", "update_url", "providers", "keys", "ntp",
        "tz", "stream", "rotation", "log_level", *NUMBERS)  # fmt: skip
LOG_LEVELS = ("error", "warning", "info", "debug")


def load(path: Path) -> dict[str, Any]:
    """The checked settings of a JSON file. UserError naming what is wrong with it."""
    try:
        found = json.loads(files.read(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # also what is not UTF-8, or too deeply nested
        raise UserError(str(path), "is not JSON", 'write it as {"ssid": "..."}') from error
    return check(found, str(path))


def check(found: object, name: str) -> dict[str, Any]:
    """`found` itself when every key is known and every value makes sense; UserError otherwise."""
    if not isinstance(found, dict):
        raise UserError(name, "is not a JSON object", 'write it as {"ssid": "..."}')
    try:
        size = len(to_blob(found))
    except UnicodeEncodeError as error:
        raise UserError(name, "half a character in it", "write it as UTF-8") from error
    if size > BLOB_MAX:
        raise UserError(name, f"more than {BLOB_MAX} bytes of settings", "shorten the URLs")
    for key, value in found.items():
        if key not in KEYS:
            raise UserError(name, f"key '{key}' is unknown", _nearest(key, KEYS, "keys"))
        _check_value(key, value, name)
    _check_range(found, name)
    return found


def to_blob(settings: dict[str, Any]) -> bytes:
    """The settings as the NVS blob `config` holds them: compact JSON, UTF-8."""
    return json.dumps(settings, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def instruments() -> list[str]:
    """The names of the instruments that the firmware follows."""
    return list(json.loads(FEEDS.read_bytes())["instruments"])


def _check_value(key: str, value: object, name: str) -> None:
    if key == "ssid":
        good = _bytes(value, 1, SSID_MAX) and str(value).isprintable()
        _require(good, key, "1 to 32 bytes of printable text", name)
    elif key == "ssid_hex":
        good = isinstance(value, str) and bool(SSID_HEX.fullmatch(value))
        _require(good, key, "1 to 32 bytes in hexadecimal, or empty", name)
    elif key == "password":
        good = value == "" or _bytes(value, PASSWORD_MIN, PASSWORD_MAX)
        if good and len(str(value).encode()) == PASSWORD_MAX:
            good = all(c in "0123456789abcdefABCDEF" for c in str(value))
        _require(good, key, "8 to 64 bytes of text, or empty for an open network", name)
    elif key == "instrument":
        _check_instrument(value, name)
    elif key == "rotation":
        _check_rotation(value, name)
    elif key in NUMBERS:
        least, most, unit = NUMBERS[key]
        size = abs(value) if type(value) is int and key == "us_per_degree" else value
        good = type(size) is int and least <= size <= most
        _require(good, key, f"a whole number, {least} to {most} ({unit})", name)
    elif key == "tz":
        good = isinstance(value, str) and len(value) <= TZ_MAX and bool(TZ.fullmatch(value))
        _require(good, key, "a POSIX time zone, such as CET-1CEST,M3.5.0,M10.5.0/3", name)
    elif key == "ntp":
        good = isinstance(value, str) and len(value) <= TEXT_MAX
        good = good and (value == "" or _servers(str(value).split(" ")))
        _require(good, key, "one or two servers, 'host' or 'host:port', a blank between", name)
    elif key == "keys":
        pairs = list(value.items()) if isinstance(value, dict) else [(None, None)]
        good = len(pairs) <= PROVIDERS_MAX and all(_key(a) and _key(b) for a, b in pairs)
        _require(good, key, "provider to key, as {\"eodhd\": \"...\"}", name)
    elif key == "stream":
        _require(type(value) is bool, key, "true or false", name)
    elif key == "log_level":
        _require(value in LOG_LEVELS, key, "one of " + ", ".join(LOG_LEVELS), name)
    elif key == "update_url":
        _require(_url(value), key, "a http:// or https:// address", name)
    else:
        _check_providers(value, name)


def _check_range(found: dict[str, Any], name: str) -> None:
    """The calibrated range holds the level beam; of what is not given, the device's own counts."""
    ladder = [found[key] for key in ("low_us", "center_us", "high_us") if key in found]
    good = ladder == sorted(ladder)
    _require(good, "low_us", "low_us, center_us and high_us in this order", name)


def _check_instrument(value: object, name: str) -> None:
    known = instruments()
    if value not in known:
        fix = _nearest(str(value), known, "instruments")
        raise UserError(name, f"instrument '{value}' is unknown", fix)


def _check_rotation(value: object, name: str) -> None:
    form = f"a list of instruments, each once, {ROTATION_MAX} at most"
    listed = value if isinstance(value, list) and len(value) <= ROTATION_MAX else None
    _require(listed is not None, "rotation", form, name)
    for one in listed or ():
        _check_instrument(one, name)
    _require(len({*(listed or ())}) == len(listed or ()), "rotation", form, name)


def _check_providers(value: object, name: str) -> None:
    good = (
        isinstance(value, dict)
        and len(value) <= PROVIDERS_MAX
        and all(isinstance(key, str) and key and _url(url) for key, url in value.items())
    )
    _require(good, "providers", '{"name": "http:// address"}, 16 at most', name)


def _require(good: bool, key: str, form: str, name: str) -> None:
    if not good:
        raise UserError(name, f"'{key}' is not right", f"give {form}")


def _bytes(value: object, least: int, most: int) -> bool:
    return isinstance(value, str) and least <= len(value.encode()) <= most


def _url(value: object) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("http://", "https://"))
        and len(value) <= TEXT_MAX
        and value.partition("//")[2].isprintable()
        and " " not in value
        and value.isascii()
        and _host(value)
    )


def _servers(found: list[str]) -> bool:
    return len(found) <= NTP_MAX and all(one and "/" not in one and _url("http://" + one)
                                         for one in found)  # fmt: skip


def _host(url: str) -> bool:
    """Does it name a host, and a port that exists if any?"""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _nearest(wrong: str, known: list[str] | tuple[str, ...], kind: str) -> str:
    near = difflib.get_close_matches(wrong, known, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"the {kind} are " + ", ".join(known)


def _key(text: object) -> bool:
    """A short word of printable ASCII: it goes into a URL or a header."""
    return isinstance(text, str) and 0 < len(text) <= 64 and all("!" <= c <= "~" for c in text)
