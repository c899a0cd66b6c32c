"""`seesaw incident postmortem`: reads what is known, and fills a post-mortem's parts with it."""

import json
import re
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from host_tools.errors import UserError
from host_tools.incident import account, draft, evidence, findings, incident, rules, site_facts
from host_tools.incident.commands import now_of
from host_tools.incident.draft import Draft
from host_tools.incident.evidence import Evidence, Signed
from host_tools.incident.site import PAGES
from host_tools.release import place

SILENT_S = 48 * 3600  # heard lately, as seesaw fleet report has it
REPORT_MAX = 64 << 20  # bytes
CODE_MAX = 120  # characters
TEMPLATES = {"Timeline": "timeline.md", "Who was affected": "affected.md",
             "Release evidence": "evidence.md"}  # fmt: skip


def postmortem(arguments: Namespace) -> int:
    """Write the post-mortem of an incident that is over, or fill its parts anew. 0 also while a
    person still has to write: lint says what."""
    now = now_of(arguments)
    path = Path(arguments.file)
    told = draft.read(path)
    one = over(told, now)
    out = path.parent / account.FOLDER / path.name
    before = account.read(out) if out.exists() else None
    release, fix = versions(arguments, before)
    known = look(arguments, one, release, fix)
    made = parts(known, told)
    front, body = account.filled(told, before, made, now, force=arguments.force)
    text = draft.write(front | {"release": release, "fix": fix}, body)
    left = account.parse(out, text).left
    if not arguments.dry_run:
        place.put(out.parent, [(out.name, text.encode())])
    tell(arguments, out, text, known, left)
    return 0


def tell(
    arguments: Namespace, out: Path, text: str, known: dict[str, Any], left: Sequence[str]
) -> None:  # fmt: skip
    if arguments.json:
        print(json.dumps(known | {"file": str(out), "written": not arguments.dry_run,
                                  "left": list(left)}))  # fmt: skip
    else:
        print(text.rstrip() if arguments.dry_run else out)
    if arguments.dry_run:
        print(f"{out}: nothing was written", file=sys.stderr)
    for name in left:
        print(f"a person has to write: {name}", file=sys.stderr)


def over(told: Draft, now: datetime) -> incident.Incident:
    """UserError for one that is open, or is not as it should be told."""
    where = str(told.path)
    if rules.is_open(told):
        fix = f'seesaw incident resolve {where} "..."'
        raise UserError(where, "it is not over: a post-mortem comes after it", fix)
    site = site_facts.read(told.path.parent)
    for problem in rules.check(told, site, now):
        if problem.kind not in rules.LATE:
            raise UserError(f"{where}:{problem.line}", problem.rule, problem.fix)
    return incident.of(told)


def versions(arguments: Namespace, before: account.Account | None) -> tuple[str, str]:
    """(the release that did it, the fix): as typed, else as the file has them."""
    release = arguments.release or (before.value("release") if before else "")
    fix = arguments.fix or (before.value("fix") if before else "")
    if release and release == fix:
        raise UserError("--fix", f"{fix} is the release that did it", "name another version")
    return release, fix


def look(
    arguments: Namespace, one: incident.Incident, release: str, fix: str
) -> dict[str, Any]:  # fmt: skip
    """Read logs, report, repository and evidence: whatever was named."""
    report = fleet(arguments, release)
    proofs = [evidence.read(Path(name)) for name in arguments.evidence or ()]
    signed: list[Signed] | None = None
    if arguments.repository:
        folder = Path(arguments.repository)
        signed = evidence.signed(folder, [name for name in (release, fix) if name])
        proofs += evidence.kept(folder, signed)
    unique: dict[str, Evidence] = {}
    for proof in proofs:
        unique.setdefault(proof.sha256, proof)
    return findings.findings(one, report, release, fix, signed, list(unique.values()))


def fleet(arguments: Namespace, release: str) -> dict[str, Any] | None:
    """The report, of logs or saved; None for neither. UserError for what is none."""
    if arguments.logs and arguments.report:
        raise UserError("--report", "logs are named too", "name the logs, or a saved report")
    if arguments.logs:
        from host_tools.fleet.summary import summary  # without logs, polars is not needed
        from host_tools.fleet.tally import tallied
        from host_tools.fleet.words import unnamed

        tally = tallied([Path(name) for name in arguments.logs], time.time())
        found = summary(tally, SILENT_S, release, arguments.instrument or "")
        if release and not found["release"]["named"]:
            raise unnamed(found)
        return findings.read_report(found)
    if not arguments.report:
        return None
    path = Path(arguments.report)
    try:
        return findings.read_report(json.loads(draft.text_of(path, REPORT_MAX)))
    except (ValueError, RecursionError) as error:
        fix = "save one: seesaw fleet report LOG... --json"
        raise UserError(str(path), f"it is no report of the fleet ({error})", fix) from error


def parts(known: dict[str, Any], told: Draft) -> dict[str, str]:
    """The Markdown of each part that is filled, by heading."""
    made = Environment(  # Markdown: what is foreign goes through code, quoted or bare
        loader=FileSystemLoader(PAGES), autoescape=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"code": code, "bare": bare, "quoted": quoted, "said": said}
    who, who_not = told.sections[draft.WHO], told.sections[draft.WHO_NOT]
    found = {}
    for name in account.MADE:
        text = made.get_template(TEMPLATES[name]).render(known=known, who=who, who_not=who_not)
        found[name] = re.sub(r"\n{3,}", "\n\n", text).strip()
    return found


def bare(text: object) -> str:
    """Foreign text without anything that Markdown or a terminal takes for more than text."""
    kept = "".join(c if c.isprintable() and c not in "`|" else "?" for c in str(text))
    return kept if len(kept) <= CODE_MAX else kept[: CODE_MAX - 3] + "..."


def code(text: object) -> str:
    return f"`{bare(text)}`" if str(text).strip() else "not said"


def said(figure: int | None) -> str:
    return "?" if figure is None else f"{figure:,}"


def quoted(words: str) -> str:
    """A person's words, as a quotation: no heading of it becomes one of ours."""
    return "\n".join(f"> {line}".rstrip() for line in words.split("\n"))
