"""`seesaw incident postmortem`: what is known is filled in, what is not is said, and what a person
wrote stays."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telling import folder, seesaw
from test_incident_site import RESOLVED, Tags, tree

from host_tools import cli
from host_tools.incident import account, evidence, findings

sys.path.append(str(Path(__file__).parents[1] / "fleet"))

from log_rig import alone, common
from seesaw.repository import query

AFTER = "2026-11-28T10:00Z"
NAME = "2026-11-24-prices"
FAILED = "1.1.0,a1b2c3d4,7,1,2"
EVIDENCE: dict[str, Any] = {
    "format": 1, "verdict": "clean", "subject": "seesaw",
    "versions": {"old": "1.0.0", "candidate": "1.1.1", "fix": "1.1.2"},
    "sha256": {"device": "d" * 64, "bundle": "b" * 64}, "budget": "quick", "harness": "a" * 64,
    "depth": 1, "seed": 0, "trace": "", "causes": [], "figures": {"settled": 4711},
    "scenarios": [{"name": "update", "missing": "", "failures": 0}],
}  # fmt: skip
WRITTEN = {name: f"What a person says of {number}." for number, name in enumerate(account.HUMAN)}
Texts = pytest.CaptureFixture[str]


@pytest.fixture
def told(tmp_path: Path) -> Path:
    return folder(tmp_path, RESOLVED)


def run(told: Path, *words: object) -> int:
    return seesaw("postmortem", told, *words, "--now", AFTER)


def out(told: Path) -> Path:
    return told.parent / "postmortems" / told.name


def log(path: Path) -> Path:
    """Ten devices from 24 November 13:00: 1.1.0 runs on 3, fails in 2; all but one come to 1.1.1
    on the 26th."""
    start = int(datetime(2026, 11, 24, 13, tzinfo=UTC).timestamp())
    rows = []
    for device in range(10):
        for hour in range(72):
            at_s = start + hour * 3600 + device
            version, failure = "1.0.0", ""
            if 2 <= hour < 48 and device < 3:
                version = "1.1.0"
            if hour >= 3 and device in (3, 4):
                failure = FAILED
            if hour >= 48 and device != 9:
                version = "1.1.1"
            said = query(version, 0, "install", failure, device.to_bytes(6, "big"), start)
            rows.append(common(at_s, said))
    path.write_text("\n".join(rows) + "\nrubbish\n")
    return path


def proof(path: Path, **more: Any) -> Path:
    path.write_text(json.dumps(EVIDENCE | more))
    return path


def write(told: Path, words: dict[str, str] = WRITTEN) -> None:
    """A person fills the places."""
    text = out(told).read_text()
    for name, said in words.items():
        text = text.replace(account.open_place(name), said)
    out(told).write_text(text)


# -- what is filled in ---------------------------------------------------------------------------


def test_timeline_counts_and_evidence_are_filled_in(
    told: Path, tmp_path: Path, capsys: Texts
) -> None:
    words = ("--logs", log(tmp_path / "access.log"), "--release", "1.1.0", "--fix", "1.1.1",
             "--evidence", proof(tmp_path / "evidence.json"))  # fmt: skip
    assert run(told, *words) == 0
    said = capsys.readouterr()
    assert said.out == f"{out(told)}\n"
    assert said.err.count("a person has to write: ") == 4
    found = account.read(out(told))
    assert list(found.sections) == list(account.ORDER) and found.left == list(account.HUMAN)
    when = found.sections["Timeline"]
    assert "It lasted 18 hours 30 minutes. Owners were told 15 minutes after it began." in when
    moments = ["24T14:30:00Z** It began", "24T14:45:00Z** investigating: We see it",
               "24T15:00:00Z** (access logs) The first device says that it runs the release, 1.1.0",
               "24T16:00:03Z** (access logs) The first device says that the release failed",
               "25T09:00:00Z** resolved: Another provider", "25T09:00:00Z** It was over",
               "26T13:00:00Z** (access logs) The first device says that it runs the fix, 1.1.1"]
    places = [when.index(one) for one in moments]
    assert places == sorted(places)
    assert "came 1 hour 30 minutes after the begin" in when
    who = found.sections["Who was affected"]
    for row in ("| failed it, and run another | 2 |", "| ran it, and left it | 3 |",
                "**5** |", "| never had it | 5 |", "- `crash` in `app`: 2",
                "runs on 9 of 10 that were heard lately"):  # fmt: skip
        assert row in who, row
    shown = found.sections["Release evidence"]
    for row in (
        "`1.1.0`", "**No evidence of a proof is at hand.**", "**`clean`**: 1 scenarios, 4,711",
        "from `1.0.0` to `1.1.1`, then `1.1.2`", f"`{'b' * 64}`", f"`{'a' * 64}`",
        "`quick`, 1 power cuts in a row", "No repository was looked at",
    ):  # fmt: skip
        assert row in shown, row


def test_a_saved_report_says_the_same_as_the_logs(
    told: Path, tmp_path: Path, capsys: Texts
) -> None:
    access = log(tmp_path / "access.log")
    assert cli.main(["fleet", "report", "--json", "--release", "1.1.0", str(access)]) == 0
    saved = tmp_path / "report.json"
    saved.write_text(capsys.readouterr().out)
    words = ("--release", "1.1.0", "--fix", "1.1.1", "--json", "--dry-run")
    assert run(told, *words, "--logs", access) == 0
    logs = json.loads(capsys.readouterr().out)
    assert run(told, "--report", saved, *words) == 0
    assert json.loads(capsys.readouterr().out) == logs
    assert not out(told).exists() and logs["left"] == list(account.HUMAN)
    assert logs["release"]["counts"] == {"runs": 0, "failed": 2, "left": 3, "never": 5}
    assert logs["first_sign"] == {"at": "2026-11-24T16:00:03Z", "away": "1 hour 30 minutes",
                                  "before": False}  # fmt: skip
    assert logs["fix"] == {"version": "1.1.1", "runs": 9, "of": 10}
    assert run(told, "--report", saved, "--release", "1.0.9") == 0
    assert "**Not counted** for `1.0.9`: the saved report" in out(told).read_text()


def test_an_outage_of_prices_is_counted_by_what_devices_showed(
    told: Path, tmp_path: Path, capsys: Texts
) -> None:
    """Two in the dark of three, and one of another market; without a market nobody is counted."""
    start = int(datetime(2026, 11, 24, 13, tzinfo=UTC).timestamp())
    shows = ("sp500,N,1", "sp500,S,1", "sp500,L,3", "btc,L,1")
    access = tmp_path / "access.log"
    access.write_text("".join(
        common(start, query("1.0.0", 0, "install", "", bytes([at] * 6), start) + f"&m={one}") + "\n"
        for at, one in enumerate(shows)
    ))  # fmt: skip
    assert run(told, "--logs", access, "--instrument", "sp500") == 0
    text = out(told).read_text()
    assert "| **were affected** (both) | **2** |" in text
    assert "| in the dark at the last | 2 |" in text
    assert "| follow others, or did not say | 1 |" in text and "Not counted" not in text
    assert run(told, "--logs", access) == 0
    assert "**Not counted**: neither a release" in out(told).read_text()


def test_what_is_not_known_is_said_plainly(told: Path) -> None:
    assert run(told) == 0
    text = out(told).read_text()

    for words in ("No access log was looked at", "**Not counted**: no report of the fleet",
                  "No release is named", "> All others."):  # fmt: skip
        assert words in text, words


@pytest.mark.parametrize("more, words", [
    ({"verdict": "brick", "scenarios": [{"name": "update", "missing": "", "failures": 3}]},
     "**It was not proven**: the verdict of this evidence is `brick`"),
    ({"budget": "part"}, "**Only a part of the scenarios**"),
    ({"scenarios": [{"name": "no-power", "missing": "out of time", "failures": 0}]},
     "Shown nothing: `no-power`"),
    ({"versions": {"old": "0.9", "candidate": "1.0.9", "fix": "1.1.0"}}, "#### Of another release"),
    ({"harness": "`a`|b\n# c"}, "| harness | `?a??b?# c` |"),
])  # fmt: skip
def test_evidence_that_shows_less_says_so(
    told: Path, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    path = proof(tmp_path / "evidence.json", **more)
    assert run(told, "--fix", "1.1.1", "--evidence", path) == 0

    assert words in out(told).read_text()


# -- a person's words ----------------------------------------------------------------------------


def test_what_a_person_wrote_stays_when_more_is_known(told: Path, tmp_path: Path) -> None:
    assert run(told) == 0
    write(told)
    text = out(told).read_text()
    out(told).write_text(text + "\n## Thanks\n\nTo all who wrote to us.\n")
    access = log(tmp_path / "access.log")
    assert run(told, "--logs", access, "--release", "1.1.0", "--fix", "1.1.1") == 0
    found = account.read(out(told))

    assert found.sections.items() >= {**WRITTEN, "Thanks": "To all who wrote to us."}.items()
    assert "**5** |" in found.sections["Who was affected"]
    before = out(told).read_bytes()
    assert run(told, "--logs", access) == 0  # the versions are in the file by now
    assert out(told).read_bytes() == before


def test_a_part_that_a_person_has_changed_is_not_written_over_unasked(
    told: Path, capsys: Texts
) -> None:
    assert run(told) == 0
    changed = out(told).read_text().replace("It began.", "It began, we know now, an hour before.")
    out(told).write_text(changed)
    capsys.readouterr()

    assert run(told) == 2
    assert "a person has changed what is filled in: Timeline; " in capsys.readouterr().err
    assert out(told).read_text() == changed
    assert run(told, "--force", "--dry-run") == 0 and out(told).read_text() == changed
    assert run(told, "--force") == 0
    assert "an hour before" not in out(told).read_text()


@pytest.mark.parametrize("change, words", [
    (("\n## In plain", "\nMine.\n\n## In plain"), "above the first heading"),
    (("## What caused it", "## Timeline"), "'Timeline' is there twice"),
    (("## What caused it", "# What caused it"), "twice, or a title"),
    (("---\nincident", "incident"), "no front matter"),
])  # fmt: skip
def test_a_file_whose_words_would_be_lost_is_left_alone(
    told: Path, capsys: Texts, change: tuple[str, str], words: str
) -> None:
    assert run(told) == 0
    text = out(told).read_text().replace(*change, 1)
    out(told).write_text(text)
    capsys.readouterr()

    assert run(told, "--force") == 2
    assert words in capsys.readouterr().err
    assert out(told).read_text() == text


# -- lint and build ------------------------------------------------------------------------------


def test_lint_refuses_what_a_person_has_left_empty(told: Path, capsys: Texts) -> None:
    assert run(told) == 0
    capsys.readouterr()
    assert seesaw("lint", "--json", "--in", told.parent, "--now", AFTER) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["postmortems"] == 1
    assert [row["rule"] for row in found["problems"]] == [
        f"'{name}' says nothing" for name in sorted(account.HUMAN, key=account.ORDER.index)
    ]  # fmt: skip
    lines = out(told).read_text().splitlines()
    assert all(lines[row["line"] - 1].startswith("## ") for row in found["problems"])
    write(told)
    assert seesaw("lint", "--in", told.parent, "--now", AFTER) == 0


@pytest.mark.parametrize("change, kind", [
    (("## Timeline", "## Times"), "heading"), (("## What caused it", "## Why"), "heading"),
    (("incident: 2026-11-24-prices", "incident: 2026-11-24-other"), "incident"),
    (("\n## In plain", "\nMine.\n\n## In plain"), "stray"),
    (("## What caused it", "## Timeline"), "stray"),
    (("of 1.", "of 1. We apologize for any inconvenience."), "phrase"),
    ((WRITTEN[account.DONE], ""), "empty"),
])  # fmt: skip
def test_lint_finds_what_else_is_wrong(
    told: Path, capsys: Texts, change: tuple[str, str], kind: str
) -> None:
    assert run(told) == 0
    write(told)
    text = out(told).read_text()
    assert change[0] in text
    out(told).write_text(text.replace(*change, 1))
    capsys.readouterr()

    assert seesaw("lint", "--json", "--in", told.parent, "--now", AFTER) == 1
    assert kind in {row["kind"] for row in json.loads(capsys.readouterr().out)["problems"]}


def build(told: Path) -> Path:
    site = told.parents[1] / "site"
    assert seesaw("build", site, "--in", told.parent, "--now", AFTER) == 0
    return site


def test_the_site_shows_it_once_it_is_written(told: Path, tmp_path: Path, capsys: Texts) -> None:
    access = log(tmp_path / "access.log")
    assert run(told, "--logs", access, "--release", "1.1.0", "--fix", "1.1.1") == 0
    capsys.readouterr()
    site = build(told)
    assert f"not shown: {out(told)}:" in capsys.readouterr().err
    assert not (site / "postmortem").exists()
    assert "postmortem" not in (site / "index.html").read_text()
    write(told, WRITTEN | {account.CAUSE: "<script>evil=1</script> & `code`"})
    page = Tags((build(told) / f"postmortem/{NAME}.html").read_bytes())
    for words in (*account.ORDER, "What a person says of 0.", "<script>evil=1</script>",
                  "were affected", "It lasted 18 hours", "Your Name"):  # fmt: skip
        assert words in page.text, words
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert ("a", {"href": f"../incident/{NAME}.html"}) in page.tags
    for name in ("index.html", f"incident/{NAME}.html"):
        links = [made["href"] for tag, made in Tags((site / name).read_bytes()).tags if tag == "a"]
        assert any(link.endswith(f"postmortem/{NAME}.html") for link in links), name
    before = tree(site)
    assert tree(build(told)) == before
    out(told).unlink()
    assert "postmortem" not in "".join(tree(build(told)))  # it goes, and so do the links
    assert b"post-mortem" not in (site / "feed.xml").read_bytes()


# -- what is refused -----------------------------------------------------------------------------


def test_an_incident_that_is_not_over_has_none(tmp_path: Path, capsys: Texts) -> None:
    told = folder(tmp_path)
    assert run(told) == 2
    assert "it is not over" in capsys.readouterr().err and not out(told).exists()


@pytest.mark.parametrize("raw", [
    "", "[]", "{}", '{"format": 2}', "[" * 9000, json.dumps(EVIDENCE | {"depth": "1"}),
    json.dumps(EVIDENCE | {"versions": {"candidate": 7}}),
    json.dumps(EVIDENCE | {"scenarios": [7]}), json.dumps(EVIDENCE | {"figures": []}),
])  # fmt: skip
def test_what_is_no_evidence_or_report_is_refused(
    told: Path, tmp_path: Path, capsys: Texts, raw: str
) -> None:
    path = tmp_path / "file.json"
    path.write_text(raw)
    for option in ("--evidence", "--report"):
        assert run(told, option, path) == 2
        error = capsys.readouterr().err
        assert "it is no " in error and error.count("\n") == 1
    assert not out(told).exists()


def test_what_cannot_be_is_refused(told: Path, tmp_path: Path, capsys: Texts) -> None:
    empty = tmp_path / "empty.log"
    empty.write_text("nothing\n")
    for words in (
        ("--evidence", tmp_path / "none"), ("--report", tmp_path / "none"), ("--logs", empty),
        ("--logs", tmp_path / "none.log"), ("--repository", tmp_path / "none"),
        ("--repository", tmp_path), ("--release", "1.0", "--fix", "1.0"),
        ("--logs", log(tmp_path / "access.log"), "--report", empty),
        ("--logs", log(tmp_path / "access.log"), "--release", "9.9.9"),
    ):  # fmt: skip
        assert run(told, *words) == 2, words
        assert capsys.readouterr().err.startswith("seesaw: ")
    assert not out(told).exists()


def test_without_polars_only_logs_are_refused(told: Path, tmp_path: Path, capsys: Texts) -> None:
    access, report = log(tmp_path / "access.log"), tmp_path / "report.json"
    assert cli.main(["fleet", "report", str(access), "--json"]) == 0
    report.write_text(capsys.readouterr().out)
    command = ("incident", "postmortem", told, "--now", AFTER)
    done = alone(*command, "--logs", access)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("seesaw: the logs: they are read with polars, which is not there; "
                           "pip install -e '.[fleet]'\n")  # fmt: skip
    assert not out(told).exists()
    done = alone(*command, "--report", report)
    assert (done.returncode, done.stdout) == (0, f"{out(told)}\n"), done.stderr


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                    max_leaves=6)  # fmt: skip


@given(st.sampled_from(list(EVIDENCE)), JSON)
def test_no_value_of_an_evidence_does_more_than_be_refused(key: str, value: Any) -> None:
    try:
        found = evidence.parse("e", json.dumps(EVIDENCE | {key: value}).encode())
    except ValueError:
        return
    assert findings.proven("fix", "1.1.1", None, [found])["version"] == "1.1.1"
