"""The owners, from a CSV as spreadsheets write it, and which of them an incident is about.

Nothing is guessed: a row that cannot be right is named and no letter is written, since the owner
in it would be the one who hears nothing.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import UserError
from host_tools.incident.draft import is_odd, text_of
from host_tools.incident.rules import ADDRESS

FILE_MAX = 16 << 20  # bytes
OWNERS_MAX = 20_000
NAME_MAX, ADDRESS_MAX = 100, 200  # characters
FORMULA = "=+-@"  # what a spreadsheet runs
COLUMNS = {
    "name": ("name",),
    "address": ("address", "email", "e-mail", "mail"),
    "device": ("device", "device id", "device_id", "id"),
}
AFFECTED, NOT_AFFECTED, UNKNOWN = KINDS = ("affected", "not-affected", "unknown")
SHORT, LONG = 6, 12  # hex digits: of the label, of the chip's id


@dataclass(frozen=True, slots=True)
class Owner:
    """device: the id, of 12 or (from its label) 6 hex digits; "" where it is not known."""

    name: str
    address: str
    device: str


def read(path: Path) -> list[Owner]:
    """UserError for what is no such CSV, or has a row that cannot be right."""
    text = _text(path)
    mark = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    found: list[Owner] = []
    try:
        places = _columns(path, next(reader, []))
        for row in reader:
            if not any(map(str.strip, row)):
                continue
            cells = {name: row[at].strip() if at < len(row) else "" for name, at in places.items()}
            if why := _wrong(cells):
                fix = "mend that row: until then nobody would be written to"
                raise UserError(f"{path}:{reader.line_num}", why, fix)
            device = device_of(cells.get("device", "")) or ""
            found.append(Owner(cells["name"], cells["address"], device))
            if len(found) > OWNERS_MAX:
                raise UserError(str(path), f"it has more than {OWNERS_MAX} owners", "split it")
    except csv.Error as error:
        raise UserError(f"{path}:{reader.line_num}", str(error), "save it as CSV anew") from error
    if not found:
        raise UserError(str(path), "no owner is in it", "name the CSV of owners")
    return found


def ids(path: Path) -> set[str]:
    """The ids of affected devices, one a line, # for remarks. UserError for what is none."""
    found = set()
    for number, line in enumerate(text_of(path, FILE_MAX).splitlines(), 1):
        word = line.partition("#")[0].strip()
        if word:
            device = device_of(word)
            if device is None:
                fix = "write one a line: 240ac4a1b2c3, or seesaw-a1b2c3"
                raise UserError(f"{path}:{number}", f"'{word}' is no id of a device", fix)
            found.add(device)
    return found


def device_of(text: str) -> str | None:
    """As the console, a MAC or the label writes it; None for what is no id."""
    word = re.sub(r"[:\s-]", "", text.lower().removeprefix("seesaw-"))
    return word if re.fullmatch(rf"[0-9a-f]{{{LONG}}}|[0-9a-f]{{{SHORT}}}", word) else None


def sorted_out(found: Iterable[Owner], affected: set[str] | None) -> dict[str, list[Owner]]:
    """One letter for each address, by kind. affected: None for everybody.

    Who owns several is affected if one of them is; not affected only if all are known not to be.
    """
    kinds: dict[str, tuple[str, Owner]] = {}
    labels: dict[str, set[str]] = {}
    for one in affected or ():
        labels.setdefault(one[-SHORT:], set()).add(one)
    order = (NOT_AFFECTED, UNKNOWN, AFFECTED)
    for owner in found:
        key = owner.address.lower()
        mine = AFFECTED if affected is None else _kind(owner, labels)
        if key not in kinds or order.index(mine) > order.index(kinds[key][0]):
            kinds[key] = mine, owner
    return {kind: [owner for mine, owner in kinds.values() if mine == kind] for kind in KINDS}


def _kind(owner: Owner, labels: dict[str, set[str]]) -> str:
    """labels: the affected ids by that of their label; one that is known so alone may be any."""
    if not owner.device:
        return UNKNOWN
    same = labels.get(owner.device[-SHORT:], set())
    any_of_them = len(owner.device) == SHORT or any(len(one) == SHORT for one in same)
    return AFFECTED if owner.device in same or same and any_of_them else NOT_AFFECTED


def _text(path: Path) -> str:
    """UTF-8, or UTF-16 with its mark. Nothing else can be told from what it is not."""
    try:
        with open(path, "rb") as file:
            start = file.read(2)
        if start not in (b"\xff\xfe", b"\xfe\xff"):
            return text_of(path, FILE_MAX)
        if path.stat().st_size > FILE_MAX:
            raise UserError(str(path), f"it is larger than {FILE_MAX >> 20} MiB", "split it")
        return path.read_bytes().decode("utf-16")
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name a file") from error
    except UnicodeDecodeError as error:
        raise UserError(str(path), "it is no UTF-16 text", "save it as CSV UTF-8") from error


def _columns(path: Path, row: list[str]) -> dict[str, int]:
    heads = [cell.strip().lower() for cell in row]
    found = {
        name: heads.index(word)
        for name, words in COLUMNS.items()
        for word in words
        if word in heads
    }
    if not {"name", "address"} <= set(found):
        fix = "its first line names the columns: name,address,device"
        raise UserError(str(path), "it has no columns 'name' and 'address'", fix)
    return found


def _wrong(cells: dict[str, str]) -> str:
    """What cannot be right in a row; "" when nothing."""
    name, address = cells["name"], cells["address"]
    if any(map(is_odd, "".join(cells.values()))):
        return "a control character or a line's end in a cell"
    if name[:1] in FORMULA and name or address[:1] in FORMULA and address:
        return "a cell begins as a formula does"
    if len(name) > NAME_MAX:
        return f"the name is longer than {NAME_MAX} characters"
    if not ADDRESS.fullmatch(address) or len(address) > ADDRESS_MAX:
        return f"'{address}' is no mail address (of another script: its xn-- form)"
    device = cells.get("device", "")
    return f"'{device}' is no id of a device" if device and device_of(device) is None else ""
