"""What a post-mortem must have before it is shown: above all what only a person can write. Pure."""

from collections.abc import Mapping

from host_tools.incident import rules
from host_tools.incident.account import HUMAN, MADE, Account
from host_tools.incident.draft import Draft
from host_tools.incident.rules import BLANK, Found, Problem


def check(one: Account, incidents: Mapping[str, Draft]) -> list[Problem]:
    """Every broken rule, by line. incidents: by name."""
    found = [*_incident(one, incidents), *_written(one), *_parts(one), *_stray(one)]
    pieces = [(one.lines[name], words) for name, words in one.sections.items() if name not in MADE]
    found += rules.hiding([(one.lines.get("title", 1), one.value("title")), *pieces])
    return sorted(
        (Problem(str(one.path), line, kind, rule, fix) for line, kind, rule, fix in found),
        key=lambda problem: problem.line,
    )


def _incident(one: Account, incidents: Mapping[str, Draft]) -> Found:
    line, name = one.lines.get("incident", 1), one.value("incident")
    if name != one.path.stem or name not in incidents:
        yield line, "incident", f"there is no incident '{one.path.stem}' that it is of", (
            "name the file as its incident's, and so in its first key"
        )  # fmt: skip
    elif rules.is_open(incidents[name]):
        yield line, "incident", "its incident is not over", f"seesaw incident resolve {name}.md"


def _written(one: Account) -> Found:
    try:
        _ = one.written
    except ValueError:
        fix = "write when it was begun: 2026-11-28T10:00:00Z"
        yield one.lines.get("written", 1), "written", "'written' is no time with its zone", fix


def _parts(one: Account) -> Found:
    for name in MADE:
        if not one.sections.get(name):
            fix = f"seesaw incident postmortem {one.path.name} fills it in"
            yield one.lines.get(name, 1), "heading", f"'{name}' is missing", fix
    for name in HUMAN:
        words = one.sections.get(name)
        if words is None:
            yield 1, "heading", f"'{name}' is missing", f"write the heading: ## {name}"
        elif not words or BLANK in words:
            yield one.lines[name], "empty", f"'{name}' says nothing", "a person writes it below"
    for name, words in one.sections.items():
        if name not in HUMAN and BLANK in words:
            yield one.lines[name], "empty", f"'{name}' is not written yet", "write it"


def _stray(one: Account) -> Found:
    if one.above:
        yield 1, "stray", "text above the first heading has no place", "move it below one"
    for line, title in one.twice:
        yield line, "stray", f"the heading '{title}' is there twice, or a title", "use ## once"
