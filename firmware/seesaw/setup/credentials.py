"""Name and password of a network, as an owner gives them, and as the settings keep them."""

import json
from binascii import hexlify, unhexlify

from micropython import const

from seesaw import config

SSID_MAX = const(32)  # bytes (IEEE 802.11)
_HEX = b"0123456789abcdefABCDEF"


def wrong(ssid: bytes, password: bytes) -> str:
    """What is wrong with them, in words; "" when they can be tried."""
    if not 1 <= len(ssid) <= SSID_MAX:
        return "Choose a network, or type a name of 1 to 32 bytes."
    size = len(password)
    if size == 64 and not [c for c in password if c not in _HEX]:
        return ""
    if size and not 8 <= size <= 63:
        return "A password has 8 to 63 characters; for an open network leave it empty."
    return "" if as_text(password) is not None else "This password is no text."


def as_text(raw: bytes) -> "str | None":
    """None when it is no UTF-8."""
    try:
        return raw.decode()
    except ValueError:
        return None


def readable(raw: bytes) -> str:
    """For a person: bytes that are no UTF-8 as \\xNN."""
    found = as_text(raw)
    if found is None:
        found = "".join([chr(c) if 32 <= c < 127 else "\\x%02x" % c for c in raw])
    return found


def chosen(form: dict) -> tuple:
    """(ssid, password) of the page's form: a name of the list comes in hex, another as it is."""
    ssid = form.get("other", b"")
    if not ssid:
        try:
            ssid = unhexlify(form.get("ssid", b""))
        except ValueError:
            ssid = b""
    return ssid, form.get("password", b"")


def merged(blob: bytes, ssid: bytes, password: bytes) -> bytes:
    """The settings with these in place of the old ones, and all else as it was."""
    settings = config.read(blob)
    name = as_text(ssid)
    settings.pop("ssid_hex", None)
    if name is None:  # JSON has no bytes
        settings["ssid_hex"] = hexlify(ssid).decode()
    settings["ssid"] = name or ""
    settings["password"] = as_text(password) or ""
    return json.dumps(settings).encode()


def keep(store: object, ssid: bytes, password: bytes) -> None:
    """Store them, and all else as it was. store: of port.board. Raises OSError without room."""
    blob = merged(config.load(store), ssid, password)
    if len(blob) > config.BLOB_MAX:
        raise OSError(blob)
    config.save(store, blob)
