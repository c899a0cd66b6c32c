"""The page, a line at a time, with what it says filled in; and its forms, which need no script."""

from micropython import const

from seesaw.net.form import escaped, fields

PAGE = "/bundle/page.html"
_PIECE = const(512)  # characters, and a line
_NUMBERS = ("sensitivity", "center_us", "us_per_degree", "low_us", "high_us", "approach_us",
            "turn_min")  # fmt: skip
_TIMES = ("quiet_from", "quiet_to")
_NOTE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Seesaw</title>
<meta http-equiv="refresh" content="12;url=/"><link rel="icon" href="data:,"></head>
<body style="font:1.1rem/1.5 sans-serif;max-width:34rem;margin:1rem auto;padding:0 1rem">
<h1>Seesaw</h1><p role="status">%s.</p><p><a href="/">Back to the page</a></p></body></html>
"""


def note(words: str) -> tuple:
    return (_NOTE % escaped(words[:1].upper() + words[1:]),)


def page(values: dict):
    """{{name}} is a value of that name, {{name=text}} marks an option when it is that text, or a
    box when that is among them."""
    piece = ""
    with open(PAGE) as file:
        for line in file:
            piece += filled(line, values)
            if len(piece) >= _PIECE:
                yield piece
                piece = ""
    yield piece


def filled(line: str, values: dict) -> str:
    made = ""
    at = line.find("{{")
    while at >= 0:
        end = line.find("}}", at)
        name, is_option, text = line[at + 2 : end].partition("=")
        value = values[name]
        if type(value) is list:
            value = " checked" if text in value else ""
        elif is_option:
            value = " selected" if str(value) == text else ""
        value = str(value)
        made += line[:at] + (value if is_option else escaped(value))
        line = line[end + 2 :]
        at = line.find("{{")
    return made + line


def shown(info: dict, status: dict, config: dict) -> dict:
    """The values of the page."""
    values = {}
    for found in (info, status["update"], status, config):
        values.update(found)
    for key in _TIMES:
        values[key] = "%02d:%02d" % divmod(config[key], 60)
    for key in ("percent", "price", "tilt"):
        values[key] = "unknown" if status[key] is None else "%.2f" % status[key]
    values["turn"] = "%.2f" % -status["tilt"]
    values["trust"] = "the development key, which everybody has" if info["development"] else (
        "its maker's keys")  # fmt: skip
    values["outcome"] = status["update"]["outcome"] or "none yet"
    looked_s = status["update"]["looked_s"]
    values["looked"] = "since its start none" if looked_s is None else "%d min ago" % (
        looked_s // 60)  # fmt: skip
    return values


def typed(body: bytes) -> dict:
    """The settings of a form; what cannot be what it should stays text, and is refused as such."""
    made = {}
    for name, raw in fields(body).items():
        text = "".join([chr(c) for c in raw])
        hour, colon, minute = text.partition(":")
        if name in _NUMBERS:
            made[name] = number(text)
        elif name in _TIMES:
            made[name] = int(hour) * 60 + int(minute) if (
                colon and is_digits(hour) and is_digits(minute)) else text  # fmt: skip
        elif name == "stream":
            made[name] = text == "True"
        elif name == "rotation[]":  # its first is empty, and there when no box is ticked
            made["rotation"] = text.split()
        else:
            made[name] = text
    return made


def number(text: str):
    digits = text[1:] if text[:1] == "-" else text
    return int(text) if is_digits(digits) else text


def is_digits(text: str) -> bool:
    return 0 < len(text) <= 6 and not [c for c in text if not "0" <= c <= "9"]
