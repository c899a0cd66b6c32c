"""The file of an incident: cState's front matter, then Markdown under known headings.

A draft is what stands there, right or wrong; rules.py judges it. The front matter is the part of
YAML that cState's own files use: `key: value`, and a list as `- item` lines or in JSON's form.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from host_tools.errors import UserError

FILE_MAX = 256 << 10  # bytes
MARK = "---"
PLAIN, WHO, WHO_NOT, DO, DETAIL, UPDATES = SECTIONS = (
    "In plain words", "Who is affected", "Who is not affected", "What owners should do",
    "Technical detail", "Updates",
)  # fmt: skip
SAFE = re.compile(r"[\w][\w .,()@+/:-]*", re.ASCII)  # YAML takes it for text without quotes
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they make text read otherwise

Front = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """lines: of keys and headings. updates: (heading, words, line). strays: headings that no rule
    knows, and text outside of any, by line."""

    path: Path
    front: Front
    body: str
    sections: dict[str, str]
    lines: dict[str, int]
    updates: list[tuple[str, str, int]]
    strays: list[tuple[int, str]]

    def value(self, key: str) -> str:
        found = self.front.get(key, "")
        return found if isinstance(found, str) else ""

    def many(self, key: str) -> list[str]:
        found = self.front.get(key, [])
        return found if isinstance(found, list) else [found] if found else []


def read(path: Path) -> Draft:
    """UserError for what is no such file at all."""
    return parse(path, text_of(path, FILE_MAX))


def text_of(path: Path, size_max: int) -> str:
    """A file of UTF-8 text. UserError when it is none, or larger."""
    try:
        with open(path, "rb") as file:
            raw = file.read(size_max + 1)
        if len(raw) > size_max:
            raise UserError(str(path), f"it is larger than {size_max >> 10} KiB", "shorten it")
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name a file") from error
    except UnicodeDecodeError as error:
        raise UserError(str(path), "it is no UTF-8 text", "save it as UTF-8") from error


def parse(path: Path, text: str) -> Draft:
    front, places, body, first = parts(path, text)
    draft = Draft(path, front, body, {}, places, [], [])
    _sections(draft, body, first)
    return draft


def parts(path: Path, text: str) -> tuple[Front, dict[str, int], str, int]:
    """Front matter, the lines of its keys, the body, and the number of its first line."""
    refuse_odd(path, text)
    lines = text.split("\n")
    end = lines.index(MARK, 1) if lines[0] == MARK and MARK in lines[1:] else 0
    if not end:
        fix = f"begin it with {MARK}, its keys, and {MARK}; see seesaw incident new --help"
        raise UserError(str(path), "it has no front matter", fix)
    front, places = _front(path, lines[1:end])
    return front, places, "\n".join(lines[end + 1 :]), end + 2


def refuse_odd(path: Path, text: str) -> None:
    """No control characters: they make XML and mails something else than what was read."""
    for number, line in enumerate(text.split("\n"), 1):
        for char in line:
            if char != "\t" and is_odd(char):
                why = f"line {number} has the control character U+{ord(char):04X}"
                raise UserError(str(path), why, "delete it")


def is_odd(char: str) -> bool:
    """A control character, half a pair, what Unicode never gives a meaning, or a turn of text."""
    code = ord(char)
    never = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return never or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in BIDI


def write(front: Front, body: str) -> str:
    """The file's text."""
    lines = [MARK]
    for key, value in front.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {_quoted(one)}" for one in value)]
        else:
            lines.append(f"{key}: {_quoted(value)}".rstrip())
    return "\n".join([*lines, MARK, body])


def _quoted(value: str) -> str:
    safe = not value or (SAFE.fullmatch(value) and ": " not in value and value[-1] not in ": ")
    return value if safe else json.dumps(value, ensure_ascii=False)


def _front(path: Path, lines: list[str]) -> tuple[Front, dict[str, int]]:
    front: Front = {}
    places: dict[str, int] = {}
    key = ""
    for number, line in enumerate(lines, 2):
        if not line.strip() or line.startswith("#"):
            continue
        item = re.fullmatch(r"\s*-\s+(.*)", line)
        pair = re.fullmatch(r"(\w+):(?:\s+(.*))?", line)
        if item and key and front[key] in ("", []) or item and isinstance(front.get(key), list):
            front[key] = [*front[key], _scalar(item[1])]
        elif pair and pair[1] not in front:
            key = pair[1]
            front[key], places[key] = _value(pair[2] or ""), number
        else:
            why = f"line {number} is no new `key: value` and no item of a list"
            raise UserError(str(path), why, "write it as seesaw incident new does")
    for key, value in front.items():
        if any(map(is_odd, "".join(value))):  # quotes can hold what a line cannot
            raise UserError(str(path), f"{key} has a control character", "delete it")
    return front, places


def _value(text: str) -> str | list[str]:
    if text.startswith("["):
        try:
            found = json.loads(text)
            if all(isinstance(one, str) for one in found):
                return found
        except (ValueError, RecursionError):
            pass
    return _scalar(text)


def _scalar(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if text.startswith('"'):
        try:
            return str(json.loads(text))
        except (ValueError, RecursionError):
            return text
    return text


@dataclass(frozen=True, slots=True)
class Heading:
    """tag: h1, h2 or h3. line: from 0, in the body. words: what stands below, to the next one."""

    tag: str
    title: str
    line: int
    words: str


def headings(body: str, tags: tuple[str, ...] = ("h1", "h2", "h3")) -> tuple[str, list[Heading]]:
    """The text above the first heading, and all headings of these kinds."""
    lines = body.split("\n")
    # Without HTML, as the pages have it: a comment is text, and hides no heading.
    tokens = MarkdownIt("commonmark", {"html": False}).parse(body)
    heads = [
        (token.map, token.tag, tokens[at + 1].content)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map and token.tag in tags
    ]
    starts = [place[0] for place, _, _ in heads] + [len(lines)]
    found = [
        Heading(tag, title, place[0], "\n".join(lines[place[1] : stop]).strip())
        for (place, tag, title), stop in zip(heads, starts[1:], strict=True)
    ]
    return "\n".join(lines[: starts[0]]).strip(), found


def _sections(draft: Draft, body: str, first: int) -> None:
    """Fill in sections, updates and strays. first: the number of the body's first line."""
    above, found = headings(body)
    if above:
        draft.strays.append((first, "text above the first heading"))
    inside = ""
    for head in found:
        title, line = head.title, first + head.line
        if head.tag == "h2" and title in SECTIONS and title not in draft.sections:
            inside = title
            draft.sections[title], draft.lines[title] = head.words, line
        elif head.tag == "h3" and inside == UPDATES:
            draft.updates.append((title, head.words, line))
        else:
            draft.strays.append((line, f"the heading '{title}'"))
