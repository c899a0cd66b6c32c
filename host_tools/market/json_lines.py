"""Where in a JSON text a value stands, by line: for complaints that people can follow."""

import re
from typing import Any

Path = tuple[str | int, ...]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
DEPTH_MAX = 64


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
