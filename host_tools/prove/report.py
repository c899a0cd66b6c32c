"""`seesaw prove --report DIR`: one page that says what was shown, and evidence.json beside it.

The page needs nothing else: no network, no other file. Whatever a device or a release says is
escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import files
from host_tools.prove import replay
from host_tools.prove.evidence import (
    BRICK,
    CLEAN,
    NOTHING,
    Meta,
    evidence,
    figures,
    state_of,
    total,
    verdict_of,
)
from host_tools.prove.ids import Cause
from host_tools.prove.runner import Result
from host_tools.prove.story import Boot, Line, Run, Story, Torn
from host_tools.prove.strip import strip
from host_tools.prove.subject import OK

PAGE = Path(__file__).parent / "page"
NAMES = ("operations", "runs", "classes", "states", "settled", "counted")  # columns
GAP = re.compile(r"\{\{(\w+)\}\}")


def write(folder: Path, results: Sequence[Result], meta: Meta) -> None:
    """index.html and evidence.json. Raises UserError where they cannot be written."""
    found = json.dumps(evidence(results, meta), indent=1) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(str(folder), str(error), "name another folder") from error
    files.replace({
        folder / "index.html": page(results, meta).encode(),
        folder / "evidence.json": found.encode(),
    })  # fmt: skip


def sentence(results: Sequence[Result], meta: Meta) -> str:
    """The verdict, for everybody."""
    release, state = meta.versions.get("candidate", "?"), state_of(results)
    if state == CLEAN:
        states = total(results).settled
        if not states:
            return f"Release {release} came through {len(results)} scenarios; nothing was cut off."
        return f"Release {release} came back from all {states:,} interrupted states."
    if state == BRICK:
        ways = len(meta.causes)
        way = "one way to do it is" if ways == 1 else f"{ways} ways to do it are"
        return f"Release {release} can be broken: {way} below."
    return f"Nothing is shown about release {release}."


def page(results: Sequence[Result], meta: Meta) -> str:
    """The whole page as HTML."""
    state, counts = state_of(results), total(results)
    told = sentence(results, meta)
    parts = {
        "title": escape(told),
        "style": (PAGE / "report.css").read_text("utf-8"),
        "script": (PAGE / "report.js").read_text("utf-8"),
        "state": state,
        "sentence": escape(told),
        "about": escape(_about(results, meta)),
        "question": "Asked of every state: with power, a network and a good release on offer, does"
        " the device come to run it, confirmed, moving, with its settings?",
        "missing": "\n".join(_missing(results)),
        "counterexamples": "\n".join(_counterexamples(meta)),
        "columns": "".join(f'<th scope="col">{name.capitalize()}</th>' for name in NAMES),
        "rows": "\n".join(_row(result, meta) for result in results),
        "strips": "\n".join(_strips(results)),
        "figures": "\n".join(_pairs(
            {"nodes" if name == "classes" else name: f"{count:,}"
             for name, count in figures(counts).items()}
        )),
        "reach": escape(_reach(results, state)),
        "hashes": "\n".join(_pairs(
            {f"{name} (SHA-256)": digest for name, digest in meta.hashes.items()}
        )),
    }  # fmt: skip
    return GAP.sub(lambda gap: parts[gap[1]], (PAGE / "report.html").read_text("utf-8"))


def _about(results: Sequence[Result], meta: Meta) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in meta.versions.items())
    took = f", {meta.seconds:.0f} s" if meta.seconds else ""
    return (
        f"Proof of {meta.subject}: {versions}; scenarios {len(results)}, "
        f"power cuts in a row {meta.depth}, seed {meta.seed}{took}"
    )


def _reach(results: Sequence[Result], state: str) -> str:
    failures = sum(len(result.failures) for result in results)
    if state == NOTHING:
        return "Not every scenario was explored, so nothing is said of the healthy end."
    if not failures:
        return "A healthy end is reached from every node."
    return f"No healthy end is reached from {failures:,} of the states that a cut left."


def _missing(results: Iterable[Result]) -> Iterator[str]:
    found = [result for result in results if result.missing or not result.counts.looked]
    if not found:
        return
    yield '<section id="missing"><h2>What was not shown</h2><ul>'
    for result in found:
        why = result.missing or "nothing was run"
        yield f"<li>{escape(result.scenario)}: {escape(replay.clean(why))}</li>"
    yield "</ul></section>"


def _row(result: Result, meta: Meta) -> str:
    verdict = verdict_of(result)
    word = {OK: "ok-word"}.get(verdict, "bad-word" if result.failures else "none-word")
    found = figures(result.counts)
    cells = "".join(f'<td data-label="{name}">{found[name]:,}</td>' for name in NAMES)
    return (
        f"<tr><td>{escape(result.scenario)}"
        f'<span class="why">{escape(meta.whys.get(result.scenario, ""))}</span></td>{cells}'
        f'<td data-label="verdict" class="{word}">{escape(verdict)}</td></tr>'
    )


def _strips(results: Sequence[Result]) -> Iterator[str]:
    """Of the scenarios that were cut at all: of the others the table says enough."""
    cut = [result for result in results if any(step.cut for step in result.steps)]
    for result in cut:
        show = bool(result.failures) or result is max(cut, key=lambda one: len(one.steps))
        yield f'<details{" open" if show else ""} data-scenario="{escape(result.scenario)}">'
        yield f"<summary>{escape(result.scenario)}, {len(result.steps):,} operations</summary>"
        yield from strip(result.steps)
        yield '<output class="said" aria-live="polite"></output></details>'


def _pairs(found: dict[str, str]) -> Iterator[str]:
    for name, value in found.items():
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


# -- counterexamples ---------------------------------------------------------------------------


def _counterexamples(meta: Meta) -> Iterator[str]:
    if not meta.causes:
        return
    yield "<section><h2>How to break it</h2>"
    stories = {story.id.partition("@")[0]: story for story in meta.stories}
    for cause in meta.causes:
        yield from _case(cause, stories.get(cause.first.id))
    yield "</section>"


def _case(cause: Cause, story: Story | None) -> Iterator[str]:
    count = len(cause.ids)
    where = f" at {cause.first.caller}" if cause.first.caller else ""
    yield f'<article class="case"><h3>{escape(story.id if story else cause.first.id)}</h3>'
    yield f"<p>{escape(replay.in_words(cause.first.verdict))}</p>"
    yield f'<p class="hint">{count:,} counterexample{"s" * (count > 1)}{escape(where)}</p>'
    if story:
        yield "<details><summary>Step by step</summary>"
        for run in story.runs:
            yield from _run(run)
        yield "</details>"
    yield "</article>"


def _run(run: Run) -> Iterator[str]:
    yield f'<h4 class="run">{_text(run.title)}</h4><ol class="line">'
    middle = (len(run.boots) + 1) // 2 if run.boots_left_out else -1
    for nth, boot in enumerate(run.boots):
        if nth == middle:
            yield _item("note", None, f"... {run.boots_left_out} boots left out ...")
        yield from _boot(boot)
    if run.cut:
        yield _cut(run.cut)
    yield "</ol>"


def _boot(boot: Boot) -> Iterator[str]:
    yield _item("boot", boot.at_us, f"boot {boot.number} after {boot.cause}")
    for said in boot.log:
        yield _item("log", None, said)
    for line in boot.lines:
        yield _line(line)
    if boot.end:
        yield _item("reset", None, boot.end)
    if boot.same:
        yield _item("note", None, f"... {boot.same} more boots like this one")


def _line(line: Line) -> str:
    more = f" ... and {line.more} more such lines" if line.more else ""
    return _item(line.kind, line.at_us, line.text + more)


def _cut(cut: Torn) -> str:
    dump = [
        f"{what if nth == 0 else '':9}{row}"
        for what, data in cut.dump
        for nth, row in enumerate(replay.rows(data))
    ]
    shown = f"<pre>{escape(chr(10).join(dump))}</pre>" if dump else ""
    return (
        f'<li class="cut">{_time(cut.at_us)}<div><b>Power cut at {_text(cut.step)}</b>'
        f"{_text(cut.op)}: {_text(cut.words)}{shown}</div></li>"
    )


def _item(kind: str, at_us: int | None, words: str) -> str:
    return f'<li class="{kind}">{_time(at_us)}<span>{_text(words)}</span></li>'


def _time(at_us: int | None) -> str:
    return f"<time>{'' if at_us is None else f'{at_us / 1e6:.3f} s'}</time>"


def _text(words: str) -> str:
    return escape(replay.clean(words))
