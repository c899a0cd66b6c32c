"""The status site: every file of it, from the incidents."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from host_tools.errors import UserError
from host_tools.incident import account, draft, machine, standing, times
from host_tools.incident.account import Account
from host_tools.incident.incident import Incident
from host_tools.incident.site_facts import OWN, Site

PAGES = Path(__file__).parent / "pages"
MARK = b'<meta name="generator" content="seesaw incident">'  # a page of ours
OURS = re.compile(r"(incident|postmortem)/[a-z0-9-]+\.html")  # pages that go with an incident
# No HTML of its own, and nothing that a reader's browser would fetch from elsewhere.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
ALIGNED = re.compile(r'(<t[hd]) style="text-align:[a-z]+"')  # which the page's policy blocks


def files(
    site: Site, found: Sequence[Incident], now: datetime, accounts: Sequence[Account] = ()
) -> list[tuple[str, bytes]]:  # fmt: skip
    """(path, contents) in the order of their publication. found: the newest first. accounts: the
    post-mortems that are written to their end."""
    after = {one.path.stem: one for one in accounts}
    changed = max((one.changed for one in found), default=now)
    made = Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"markdown": _markdown, "iso": times.iso, "moment": times.words}
    made.globals |= {
        "site": site, "now": now, "draft": draft, "own": OWN, "words": standing.STATE_WORDS,
        "after": after,
    }

    def page(name: str, **facts: object) -> bytes:
        return made.get_template(name).render(**facts).encode() + b"\n"

    known = {one.name: one for one in found}
    pages = [
        (f"postmortem/{name}.html",
         page("postmortem.html", one=known[name], up="../", parts=account.shown(done)))
        for name, done in after.items()
    ] + [
        (f"incident/{one.name}.html", page("incident.html", one=one, up="../")) for one in found
    ]  # fmt: skip
    worst = standing.indicator(found)
    index = page(
        "index.html", up="", found=found, states=standing.components(site, found), worst=worst,
        verdict=standing.INDICATORS[worst],
    )  # fmt: skip
    html = {update.words: str(_markdown(update.words)) for one in found for update in one.updates}
    entries = [entry for one in found for entry in machine.told(site, one, html)]
    for name, done in after.items():
        plain = str(_markdown(done.sections[draft.PLAIN]))
        entries.append(machine.looked_back(site, known[name], done.written, plain))
    summary = machine.summary(site, found, changed)
    return [
        ("style.css", (PAGES / "style.css").read_bytes()),
        *pages,
        ("index.html", index),
        ("feed.xml", machine.feed(site, entries)),
        ("summary.json", summary),
        ("api/v2/summary.json", summary),  # where programs look for a Statuspage
    ]


def _markdown(text: str) -> Markup:
    return Markup(ALIGNED.sub(r"\1", MARKDOWN.render(text)))


def check(out: Path) -> None:
    """UserError for a folder that holds another site."""
    try:
        if MARK in (out / "index.html").read_bytes():
            return
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(str(out), error.strerror or str(error), "name another folder") from error
    raise UserError(str(out), "its index.html is not of a status site", "name another folder")
