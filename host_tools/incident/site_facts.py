"""site.json, beside the incidents: what the status page is called, where it is, and the third
parties that it names."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from host_tools.errors import UserError
from host_tools.incident import draft

FILE = "site.json"
OWN = ("Price data", "Updates", "Set-up", "Website")
EMPTY = {"name": "Seesaw", "url": "", "third_parties": []}
THIRD_MAX = 50


@dataclass(frozen=True, slots=True)
class Site:
    """url: of the folder in which the site will lie, without a slash at its end."""

    name: str
    url: str
    third_parties: tuple[str, ...]

    @property
    def components(self) -> tuple[str, ...]:
        return (*OWN, *self.third_parties)


def key(name: str) -> str:
    """A component's id for programs: 'price-data'."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or name.encode().hex()


def read(folder: Path, *, placed: bool = True) -> Site:
    """UserError for what is none. placed: it must say where the site will lie."""
    path = folder / FILE
    text = draft.text_of(path, draft.FILE_MAX)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(str(path), f"it is no JSON ({error})", "mend it") from error

    def refuse(why: str, fix: str) -> None:
        raise UserError(str(path), why, fix)

    if not isinstance(found, dict) or set(found) != set(EMPTY):
        refuse("its keys are not name, url, third_parties", "write these three")
    name, url, third = found["name"], found["url"], found["third_parties"]
    if not isinstance(name, str) or not name.strip():
        refuse("name is no text", "write what the page is called")
    if not isinstance(third, list) or not all(isinstance(one, str) and one for one in third):
        refuse("third_parties is no list of names", 'write ["CNBC", "Bitstamp"], or []')
    keys = {key(name) for name in (*third, *OWN)}
    if len(third) > THIRD_MAX or len(keys) != len(third) + len(OWN):
        refuse("third_parties names one twice, or too many", "name each once")
    if not isinstance(url, str) or not (_is_url(url) or (not placed and not url)):
        refuse("url is no https:// address", "write where the built site will lie")
    for value in (name, *third):
        if any(map(draft.is_odd, value)):
            refuse("a name has a control character", "delete it")
    return Site(name, url.rstrip("/"), tuple(third))


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not set(' "<>\\') & set(url)
    return plain and parts.scheme in ("https", "http") and bool(parts.hostname)
