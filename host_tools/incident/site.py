"""The status site: every file of it from the incidents, and its publication.

A page is new or old and never half; what other files point to is in place before they do.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from host_tools.errors import UserError
from host_tools.incident import draft, machine, standing, times
from host_tools.incident.incident import Incident
from host_tools.incident.site_facts import OWN, Site
from host_tools.release import place

PAGES = Path(__file__).parent / "pages"
MARK = b'<meta name="generator" content="seesaw incident">'  # a page of ours
OURS = re.compile(r"incident/[a-z0-9-]+\.html")
# No HTML of its own, and nothing that a reader's browser would fetch from elsewhere.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def files(site: Site, found: Sequence[Incident], now: datetime) -> list[tuple[str, bytes]]:
    """(path, contents) in the order of their publication. found: the newest first."""
    changed = max((one.changed for one in found), default=now)
    made = Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"markdown": _markdown, "iso": times.iso, "moment": times.words}
    made.globals |= {
        "site": site, "now": now, "draft": draft, "own": OWN, "words": standing.STATE_WORDS
    }

    def page(name: str, **facts: object) -> bytes:
        return made.get_template(name).render(**facts).encode() + b"\n"

    pages = [
        (f"incident/{one.name}.html", page("incident.html", one=one, up="../")) for one in found
    ]
    worst = standing.indicator(found)
    index = page(
        "index.html", up="", found=found, states=standing.components(site, found), worst=worst,
        verdict=standing.INDICATORS[worst],
    )  # fmt: skip
    html = {update.words: str(_markdown(update.words)) for one in found for update in one.updates}
    summary = machine.summary(site, found, changed)
    return [
        ("style.css", (PAGES / "style.css").read_bytes()),
        *pages,
        ("index.html", index),
        ("feed.xml", machine.feed(site, found, html)),
        ("summary.json", summary),
        ("api/v2/summary.json", summary),  # where programs look for a Statuspage
    ]


def _markdown(text: str) -> Markup:
    return Markup(MARKDOWN.render(text))


def changes(out: Path, made: Sequence[tuple[str, bytes]]) -> tuple[list[str], list[str]]:
    """(files to write, files to remove) to make `out` what was made. UserError for a folder that
    holds another site."""
    if out.exists() and not out.is_dir():
        raise UserError(str(out), "it is no folder", "name the folder of the status site")
    index = _bytes(out / "index.html")
    if index is not None and MARK not in index:
        raise UserError(str(out), "its index.html is not of a status site", "name another folder")
    write = [name for name, data in made if _bytes(out / name) != data]
    names = {name for name, _ in made}
    there = [path.relative_to(out).as_posix() for path in out.glob("incident/*.html")]
    return write, sorted(one for one in there if one not in names and OURS.fullmatch(one))


def publish(out: Path, made: Sequence[tuple[str, bytes]]) -> tuple[list[str], list[str]]:
    """Bring `out` up to date, each file at once. As changes()."""
    write, remove = changes(out, made)
    if write:
        place.put(out, [(name, data) for name, data in made if name in write])
    for name in remove:
        (out / name).unlink(missing_ok=True)
    return write, remove


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(str(path), error.strerror or str(error), "name another folder") from error
