"""JSON as devices read it, and where in it a value stands, by line: for complaints that people
can follow."""

import json
import re
from typing import Any

Path = tuple[str | int, ...]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
DEPTH_MAX = 64


def strict(raw: bytes) -> Any:
    """The value. ValueError (of json, with a line, where that knows one) for what readers disagree
    on: json here takes UTF-16, a byte order mark and NaN, which a device refuses."""
    return json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_refused)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key '{key}' is there twice")
        found[key] = value
    return found


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number")


def lines(text: str) -> dict[Path, int]:
    """The line, from 1, of every value that is well placed; the root's is ()."""
    found: dict[Path, int] = {}
    path: list[Any] = []  # of the value that comes; None: an object's key comes first
    opened: list[str] = []
    line, at = 1, 0
    for token in TOKEN.finditer(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        mark = token[0]
        if mark in "]}":
            if opened and path:
                opened.pop()
                path.pop()
        elif mark == ",":
            if path:
                path[-1] = path[-1] + 1 if opened[-1] == "[" else None
        elif path and path[-1] is None:
            path[-1] = mark[1:-1]
            found.setdefault(tuple(path), line)
        elif mark != ":":
            found.setdefault(tuple(path), line)
            if mark in "[{":
                if len(opened) == DEPTH_MAX:
                    return found
                opened.append(mark)
                path.append(0 if mark == "[" else None)
    return found


def nearest(found: dict[Path, int], path: Path) -> int:
    """The line of the value, or of the closest one around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)
