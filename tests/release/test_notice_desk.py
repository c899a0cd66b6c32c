"""`seesaw notice`, and signing what it writes: for somebody in an outage, who must not slip."""

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_rig import Desk, contents
from seesaw.data import notices

from host_tools import cli
from host_tools.notice import rules

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
AT = "--now 2026-11-24T14:30Z"
ONE: dict[str, Any] = {"id": "late", "title": "Prices are late today.", "severity": "notice",
                       "end": "2026-11-25T14:30:00Z"}  # fmt: skip
Texts = pytest.CaptureFixture[str]


def run(words: str, folder: Path, now: str = AT) -> int:
    return cli.main(["notice", *shlex.split(words), *shlex.split(now),
                     "--in", str(folder / "alerts.json")])  # fmt: skip


def file(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "alerts.json").read_bytes())
    return found


def test_a_notice_is_written_and_is_as_a_device_takes_it(tmp_path: Path, capsys: Texts) -> None:
    words = ("new 'Prices are late today.' --severity disrupted --end +24h --instrument sp500"
             " --instrument dow --affected-from 0.1.0 --resolved-in 0.2.0 --url https://a.test/x"
             " --start 2026-11-24T15:00Z")  # fmt: skip
    assert run(words, tmp_path) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'alerts.json'}\n"
    assert "release data DIR notices" in said.err and "before 0.2.0" in said.err
    assert file(tmp_path) == [{
        "id": "2026-11-24-prices-are-late-today", "title": "Prices are late today.",
        "severity": "disrupted", "created": "2026-11-24T14:30:00Z",
        "start": "2026-11-24T15:00:00Z", "end": "2026-11-25T14:30:00Z",
        "instruments": ["sp500", "dow"], "alert_url": "https://a.test/x",
        "firmware": [{"affected_from_version": "0.1.0", "resolved_in_version": "0.2.0"}],
    }]  # fmt: skip
    raw = (tmp_path / "alerts.json").read_bytes()
    assert notices.check(raw) == "2026-11-24-prices-are-late-today"
    at = NOW + timedelta(hours=1)
    assert rules.shown(file(tmp_path), "0.1.5", "dow", at).endswith("today")
    assert rules.shown(file(tmp_path), "0.2.0", "dow", at) == ""
    assert run("lint", tmp_path) == 0
    assert "sp500, dow; firmware from 0.1.0 before 0.2.0; from 2026" in capsys.readouterr().out


def test_the_newest_comes_first_and_what_is_over_goes(tmp_path: Path, capsys: Texts) -> None:
    assert run("new A --id a --severity notice --end +1h", tmp_path) == 0
    assert run("new B --id b --severity notice --end +48h", tmp_path) == 0
    assert run("new C --id c --severity notice --end +4h", tmp_path, "--now 2026-11-24T18:00Z") == 0
    assert "taken out, as it is over: a" in capsys.readouterr().err

    assert [one["id"] for one in file(tmp_path)] == ["c", "b"]


def test_one_is_ended_before_its_time(tmp_path: Path, capsys: Texts) -> None:
    assert run("new A --id a --severity down --end +24h", tmp_path) == 0
    assert run("end b", tmp_path) == 2
    assert "there is: a" in capsys.readouterr().err
    assert run("end a --dry-run", tmp_path) == 0
    assert capsys.readouterr().out == "[]\n" and len(file(tmp_path)) == 1
    assert run("end a", tmp_path) == 0

    assert file(tmp_path) == [] and notices.check((tmp_path / "alerts.json").read_bytes()) == "none"


def test_dry_run_writes_nothing(tmp_path: Path, capsys: Texts) -> None:
    assert run("new A --id a --severity down --end +24h --dry-run", tmp_path) == 0
    assert json.loads(capsys.readouterr().out)[0]["id"] == "a"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words, complaint", [
    ("new 'Prices \u2013 late' --severity down --end +1h", "printable ASCII"),
    ("new '' --severity down --end +1h", "title"),
    (f"new {'x' * 141} --severity down --end +1h", "140 characters"),
    ("new A --severity down --end 2026-11-24T14:00Z", "is over"),
    ("new A --severity down --end +1h --start +2h", "before it begins"),
    ("new A --severity down --end 2027-11-24T14:00Z", "92 days"),
    ("new A --severity down --end +1h --instrument nikkei", "there is no 'nikkei'"),
    ("new A --severity down --end +1h --url http://a.test", "alert_url"),
    ("new 'See https://a.test' --severity down --end +1h", "address"),
    ("new A --severity down --end +1h --affected-from v1", "versions such as"),
    ("new A --severity down --end +1h --affected-from 1.2 --resolved-in 1.2", "no version"),
    ("new A --severity down --end +1h --id 'A B'", "small letters"),
])  # fmt: skip
def test_what_cannot_have_been_meant_is_refused(
    tmp_path: Path, capsys: Texts, words: str, complaint: str
) -> None:
    assert run("new First --id first --severity notice --end +1h", tmp_path) == 0
    before = contents(tmp_path)
    capsys.readouterr()

    assert run(words, tmp_path) in (1, 2)
    error = capsys.readouterr().err
    assert complaint in error and error.count("\n") == 1
    assert contents(tmp_path) == before


def test_a_ninth_and_one_too_long_are_refused_whole(tmp_path: Path, capsys: Texts) -> None:
    for number in range(20):
        if run(f"new {'Words ' * 15} --id n{number} --severity notice --end +1h".replace(
                "Words " * 15, "'" + "Words " * 15 + "'"), tmp_path):  # fmt: skip
            break
    assert "a device takes" in capsys.readouterr().err
    assert 3 < len(file(tmp_path)) <= 8
    assert notices.check((tmp_path / "alerts.json").read_bytes())


LINED = """[
 {"id": "a", "title": "A", "severity": "notice",
  "end": "2026-11-25T00:00:00Z",
  "instrument": ["dow"]},
 {"id": "b", "title": "Gr\u00fc\u00dfe", "severity": "notice", "end": "2026-11-25"},
 {"id": "c", "title": "C",
  "severity": "bad", "end": "2026-11-25"},
 {"id": "d", "title": "D", "severity": "down", "end": "tomorrow"},
 {"id": "e", "title": "E", "severity": "down", "end": "2026-11-23"},
 {"id": "a", "title": "A", "severity": "down", "end": "2026-11-25",
  "instruments": ["dow",
   "dowjones"],
  "firmware": [{"affected_from": "1.0"}]},
 7
]
"""


def test_lint_names_the_line_and_the_rule(tmp_path: Path, capsys: Texts) -> None:
    (tmp_path / "alerts.json").write_text(LINED, "utf-8")
    assert run("lint --json", tmp_path) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == 1 and found["notices"] == []
    assert [(row["line"], row["kind"]) for row in found["problems"]] == [
        (4, "key"), (5, "title"), (7, "severity"), (8, "firmware"), (9, "over"), (10, "id"),
        (12, "instruments"), (13, "firmware"), (14, "no object"),
    ]  # fmt: skip
    assert run("lint", tmp_path) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and all("alerts.json:" in line and "; " in line for line in lines)


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe[", b"[" * 5000, b"{}", b"7", b"[NaN]",
                                 b'[{"id": "a", "id": "b"}]', b"\xef\xbb\xbf[]"])  # fmt: skip
def test_lint_of_what_is_no_list_ends_with_1(tmp_path: Path, capsys: Texts, raw: bytes) -> None:
    (tmp_path / "alerts.json").write_bytes(raw)
    assert run("lint", tmp_path) == 1
    assert "alerts.json:1: it is no" in capsys.readouterr().out
    assert run("new A --severity down --end +1h", tmp_path) == 2
    assert (tmp_path / "alerts.json").read_bytes() == raw


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path, capsys: Texts) -> None:
    assert run("lint", tmp_path) == run("end a", tmp_path) == 2
    (tmp_path / "alerts.json").mkdir()
    assert run("lint", tmp_path) == run("new A --severity down --end +1h", tmp_path) == 2
    assert "Traceback" not in capsys.readouterr().err


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
                    | st.text(max_size=6), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(rules.KEYS), inner, max_size=4),
                    max_leaves=8)  # fmt: skip


@given(st.lists(JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(rules.KEYS, JSON)).map(
    lambda more: ONE | more), max_size=4))  # fmt: skip
def test_what_lint_lets_through_a_device_takes(found: list[Any]) -> None:
    raw = json.dumps(found, indent=1).encode()
    if not rules.check(raw, NOW):
        assert notices.read(rules.compact(found)) == found
        assert all(rules.meant(one) for one in found)


# -- signing -------------------------------------------------------------------------------------


def sign(desk: Desk, found: Any, *words: str) -> int:
    path = desk.folder / "alerts.json"
    path.write_text(json.dumps(found, indent=1))
    return desk.run("data", "notices", path, *words)


def lasting(desk: Desk, **more: Any) -> dict[str, Any]:
    end = datetime.fromtimestamp(desk.now_s, UTC) + timedelta(days=1)
    return ONE | {"end": end.strftime("%Y-%m-%dT%H:%M:%SZ")} | more


def test_it_is_signed_without_its_blanks(desk: Desk, capsys: Texts) -> None:
    found = [lasting(desk)]
    assert sign(desk, found) == 0
    assert "devices for which one is meant show it until it ends" in capsys.readouterr().out
    target = desk.role("data").targets["data/notices"]
    raw = (desk.repo / f"targets/data/{target.hashes['sha256']}.notices").read_bytes()

    assert raw == json.dumps(found, separators=(",", ":")).encode() and raw[:1] == b"["
    assert sign(desk, []) == 0  # all are taken back
    assert desk.role("data").targets["data/notices"].length == 2


def test_a_dry_run_signs_nothing_and_finds_what_is_missing(desk: Desk, capsys: Texts) -> None:
    before = contents(desk.repo)
    assert sign(desk, [lasting(desk)], "--dry-run") == 0
    said = capsys.readouterr().out
    assert "nothing was signed or written" in said and ".notices" in said
    assert contents(desk.repo) == before
    assert sign(desk, [lasting(desk)], "--dry-run", "--json") == 0
    assert any(name.endswith(".notices") for name in
               json.loads(capsys.readouterr().out)["would_write"])  # fmt: skip
    assert sign(desk, [lasting(desk), 7], "--dry-run") == 2
    assert "line 8: no object" in capsys.readouterr().err
    for kind in ("desk", "spare"):
        for path in (desk.keys / kind).iterdir():
            path.unlink()
    assert sign(desk, [lasting(desk)], "--dry-run") == 2
    assert contents(desk.repo) == before


def test_what_lint_refuses_is_not_signed(desk: Desk, capsys: Texts) -> None:
    before = contents(desk.repo)
    for wrong in ({"text": "x", "until": 4_000_000_000}, [lasting(desk, instruments=["nikkei"])],
                  [ONE | {"end": "2020-01-01"}]):  # fmt: skip
        assert sign(desk, wrong) == 2
        assert "data 'notices', line " in capsys.readouterr().err
    assert contents(desk.repo) == before
