"""Pastes of `diag` as they come back: over a cable, out of a log, through mails that quote them."""

import binascii
import re
from dataclasses import dataclass

BEGIN = re.compile(r"^-+ ?SEESAW DIAG (\d+) BEGIN ?-+$")
END = re.compile(r"^-+ ?SEESAW DIAG \d+ END crc32=([0-9a-f]{8}) ?-+$")
BEFORE = re.compile(r"^(?:\[[\dT:. -]+\] )?(?:> ?)*")  # a log's time, a mail's quoting
FACT = re.compile(r"^(program|id|[a-z]+\.[a-z0-9_.-]+): ?(.*)$")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Paste:
    """whole: it is as the device made it, by its CRC. ended: its last line is there."""

    format: int
    verdict: str
    facts: dict[str, str]
    whole: bool
    ended: bool
    text: str  # with its marks, a line feed after each line

    def get(self, key: str) -> str:
        return self.facts.get(key, "")


def find(text: str) -> Paste | None:
    """The last whole one that a text holds, else the last that it has begun; None without any."""
    found = None
    text = text.replace("\u00a0", " ")  # of a mail in HTML
    lines = [BEFORE.sub("", line).rstrip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if begin := BEGIN.match(line.lstrip()):
            margin = line[: -len(begin[0])]  # a forum's, around what is code
            made = _read(int(begin[1]), [one.removeprefix(margin) for one in lines[number:]])
            found = made if made.whole or not (found and found.whole) else found
    return found


def _read(number: int, lines: list[str]) -> Paste:
    inside: list[str] = []
    end = None
    for line in lines[1:]:
        if (end := END.match(line)) or BEGIN.match(line):
            break
        inside.append(line)
    whole = False
    for made in (inside, _unwrapped(inside, " "), _unwrapped(inside, "")):
        body = "".join(line + "\n" for line in made)
        whole = end is not None and int(end[1], 16) == binascii.crc32(body.encode())
        if whole or not made:
            break
    if not whole:
        made = inside
    pairs = (FACT.match(line) for line in made[1:])
    facts = {pair[1]: pair[2] for pair in pairs if pair}
    text = "".join(line + "\n" for line in (lines[0], *made, *([end[0]] if end else [])))
    return Paste(number, made[0] if made else "", facts, whole, end is not None, text)


def _unwrapped(lines: list[str], between: str) -> list[str]:
    """Lines that a mail has broken, in one again: each fact begins with its key."""
    made: list[str] = []
    for line in lines:
        if made and not FACT.match(line):
            made[-1] += between + line
        else:
            made.append(line)
    return made
