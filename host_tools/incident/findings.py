"""What is known of an incident that is over: its file, the fleet's report and the proofs, as plain
values. Pure. What is not known is None, and is said so."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from host_tools.incident import times
from host_tools.incident.evidence import Evidence, Signed
from host_tools.incident.incident import Incident

FORMAT = 1
WORDS_MAX = 300  # characters of an update in the timeline
GROUPS = ("runs", "failed", "left", "never")  # of a release: seesaw fleet report --release
REACHED = ("reached", "still", "over", "unharmed", "elsewhere")  # ... --instrument
ACCOUNT, LOGS = "account", "logs"


def findings(
    one: Incident, report: dict[str, Any] | None, release: str, fix: str,
    signed: Sequence[Signed] | None, proofs: Sequence[Evidence],
) -> dict[str, Any]:  # fmt: skip
    """one: over. report: as read_report() has it. release: the version that did it, fix: the one
    that cured it, "" for none. signed: of these two, None when no repository was looked at."""
    assert one.ended is not None
    events = timeline(one, report, release, fix)
    return {
        "format": FORMAT, "incident": one.name, "title": one.title,
        "began": times.iso(one.began), "ended": times.iso(one.ended),
        "lasted": span(one.ended - one.began),
        "told_after": span(max(one.updates[0].at - one.began, timedelta())),
        "timeline": events, "first_sign": first_sign(one, events),
        "report": report and {key: report[key] for key in
                              ("from", "to", "pseudonyms", "heard_lately", "rolled_back")},
        "outage": report and report.get("outage"),
        "release": release and affected(report, release), "fix": fix and cured(report, fix),
        "evidence": [proven(name, version, signed, proofs) for name, version in
                     (("release", release), ("fix", fix)) if version],
        "other_evidence": [asdict(proof) for proof in proofs
                           if proof.versions.get("candidate") not in (release, fix)],
    }  # fmt: skip


def timeline(
    one: Incident, report: dict[str, Any] | None, release: str, fix: str
) -> list[dict[str, str]]:  # fmt: skip
    """The oldest first; of one moment, as they stand here."""
    found: list[tuple[datetime, str, str, str]] = [(one.began, "began", "It began.", ACCOUNT)]
    if report:
        seen, failed = report["first_seen"], report["first_failed"]
        for kind, at, words in (
            ("seen", seen.get(release), "The first device says that it runs the release"),
            ("failed", failed.get(release), "The first device says that the release failed in it"),
            ("fix", seen.get(fix), "The first device says that it runs the fix"),
        ):
            if at:
                version = fix if kind == "fix" else release
                found.append((times.moment(at), kind, f"{words}, {version}.", LOGS))
    for update in one.updates:
        found.append((update.at, update.status, short(update.words), ACCOUNT))
    assert one.ended is not None
    found.append((one.ended, "ended", "It was over.", ACCOUNT))
    return [{"at": times.iso(at), "kind": kind, "words": words, "by": by}
            for at, kind, words, by in sorted(found, key=lambda row: row[0])]  # fmt: skip


def first_sign(one: Incident, events: Sequence[dict[str, str]]) -> dict[str, Any] | None:
    """The first failure in the logs, and how long before or after the begin that the file tells."""
    for event in events:
        if event["kind"] == "failed":
            away = times.moment(event["at"]) - one.began
            return {"at": event["at"], "away": span(abs(away)), "before": away < timedelta()}
    return None


def affected(report: dict[str, Any] | None, version: str) -> dict[str, Any]:
    """How many ran it, failed it, left it, never had it; None where the report does not say."""
    counts = report and report.get("release")
    if counts and counts["version"] != version:
        counts = None
    kinds = [row for row in (report["failures"] if report else ()) if row["release"] == version]
    return {
        "version": version,
        "counts": counts and {key: counts[key] for key in GROUPS},
        "failures": kinds,
    }


def cured(report: dict[str, Any] | None, version: str) -> dict[str, Any]:
    """How many of those heard lately run it; None without a report."""
    return {"version": version, "runs": report and report["versions"].get(version, 0),
            "of": report and report["heard_lately"]}  # fmt: skip


def proven(
    role: str, version: str, signed: Sequence[Signed] | None, proofs: Sequence[Evidence]
) -> dict[str, Any]:  # fmt: skip
    """What was shown of it before it was signed, for each board; and what else speaks of it."""
    mine = [proof for proof in proofs if proof.versions.get("candidate") == version]
    boards = [asdict(one) | {"at_hand": one.proof in [proof.sha256 for proof in proofs]}
              for one in signed or () if one.version == version]  # fmt: skip
    used = [one["proof"] for one in boards]
    return {
        "role": role, "version": version, "repository": signed is not None, "boards": boards,
        "files": [asdict(proof) | {"signed_with": proof.sha256 in used} for proof in mine],
    }  # fmt: skip


def short(words: str) -> str:
    """In one line."""
    line = " ".join(words.split())
    return line if len(line) <= WORDS_MAX else line[: WORDS_MAX - 3].rstrip() + "..."


def span(length: timedelta) -> str:
    """'2 days 3 hours', 'less than a minute'."""
    minutes = int(length.total_seconds()) // 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (0 if days else minutes, "minute")]
    said = [f"{count} {name}{'s' * (count != 1)}" for count, name in parts if count]
    return " ".join(said) or "less than a minute"


def read_report(found: object) -> dict[str, Any]:
    """A saved `seesaw fleet report --json`, or the same made now. ValueError for what is none."""
    if not isinstance(found, dict) or found.get("format") != 1:
        raise ValueError("not of format 1")
    for key in ("pseudonyms", "heard_lately", "rolled_back"):
        if type(found.get(key)) is not int:
            raise ValueError(f"{key} is no number")
    for key in ("from", "to"):
        times.moment(_text(found.get(key), key))
    for key, kind in (("versions", int), ("first_seen", str), ("first_failed", str)):
        table = found.get(key)
        if not isinstance(table, dict) or any(type(value) is not kind for value in table.values()):
            raise ValueError(f"{key} is no table: make the report anew")
        if kind is str:
            for at in table.values():
                times.moment(at)
    _rows(found.get("failures"))
    _counts(found.get("release"), "release", GROUPS, "version")
    _counts(found.get("outage"), "outage", REACHED, "instrument")
    return found


def _counts(counts: object, what: str, groups: Sequence[str], name: str) -> None:
    if counts is None:
        return
    if not isinstance(counts, dict) or any(type(counts.get(key)) is not int for key in groups):
        raise ValueError(f"{what} is no count")
    _text(counts.get(name), name)


def _rows(rows: object) -> None:
    for row in rows if isinstance(rows, list) else [None]:
        if not isinstance(row, dict) or type(row.get("pseudonyms")) is not int:
            raise ValueError("failures are no list")
        for key in ("release", "stage", "cause"):
            _text(row.get(key), key)


def _text(value: object, key: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value
