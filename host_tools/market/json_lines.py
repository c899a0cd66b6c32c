"""JSON as devices read it, and where in it a value stands, by line: for complaints that people
can follow."""

import json
import re
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
DEPTH_MAX = 64
DIGITS_MAX = 4300  # of a number: Python reads no longer one


def strict(raw: bytes) -> Any:
    """The value. ValueError (of json, with the line; of what is no UTF-8 without) also for what
    readers disagree on: json here takes UTF-16, a byte order mark and NaN, which a device refuses.
    """
    text = raw.decode()
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise json.JSONDecodeError(str(error).partition(":")[0], text, _blamed(text)) from error


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
    line, at = 1, 0
    for path, token, _ in _placed(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        found.setdefault(path, line)
    return found


def _placed(text: str) -> Iterator[tuple[Path, re.Match[str], bool]]:
    """Keys and values that are well placed: the path, the token, is it a key?"""
    path: list[Any] = []  # of the value that comes; None: an object's key comes first
    opened: list[str] = []
    for token in TOKEN.finditer(text):
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
            yield tuple(path), token, True
        elif mark != ":":
            yield tuple(path), token, False
            if mark in "[{":
                if len(opened) == DEPTH_MAX:
                    return
                opened.append(mark)
                path.append(0 if mark == "[" else None)


def _blamed(text: str) -> int:
    """Where the first key stands that was there before, or what is no number; 0 if nowhere."""
    seen = set()
    for path, token, is_key in _placed(text):
        mark = token[0].removeprefix("-")
        if is_key and path in seen or mark[:1] in ("N", "I") or (
            mark.isdigit() and len(mark) > DIGITS_MAX
        ):  # fmt: skip
            return token.start()
        if is_key:
            seen.add(path)
    return 0


def nearest(found: dict[Path, int], path: Path) -> int:
    """The line of the value, or of the closest one around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)
