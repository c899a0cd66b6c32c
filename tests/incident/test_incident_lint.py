"""What the account of an incident must have, and how it is written."""

import json
from pathlib import Path

import pytest
from telling import GOOD, NOW, folder, seesaw

from host_tools.incident import draft


def lint(path: Path, capsys: pytest.CaptureFixture, now: str = NOW) -> list[dict]:
    code = seesaw("lint", "--in", path.parent, "--now", now, "--json")
    found = json.loads(capsys.readouterr().out)["problems"]
    assert code == (1 if found else 0)
    return found


def test_a_whole_account_has_no_complaint(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = folder(tmp_path)
    assert lint(path, capsys) == []
    assert seesaw("lint", "--in", path.parent, "--now", NOW) == 0
    assert "1 incidents, 1 open" in capsys.readouterr().out


FAULTS = [
    ("title: Prices stand still\n", "", "title"),
    ("severity: disrupted", "severity: bad", "severity"),
    ("date: 2026-11-24T14:30:00Z", "date: 2026-11-24", "date"),
    ("date: 2026-11-24T14:30:00Z", "date: 2027-11-24T14:30:00Z", "date"),
    ("  - CNBC", "  - Reuters", "affected"),
    ("  - Price data\n  - CNBC\n", "", "affected"),
    ("resolved: false", "resolved: maybe", "resolved"),
    ("answers: Your Name", "answers:", "person"),
    ("answers: Your Name", "answers: The Seesaw Team", "person"),
    ("you@seesaw.example", "no-reply@seesaw.example", "address"),
    ("you@seesaw.example", "somewhere", "address"),
    ("nextUpdate: 2026-11-25T18:00:00Z", "nextUpdate: soon", "nextUpdate"),
    ("nextUpdate: 2026-11-25T18:00:00Z", "nextUpdate: 2026-11-25T10:00:00Z", "overdue"),
    ("## In plain words", "#### In plain words", "heading"),
    ("## Technical detail", "## Details", "heading"),
    ("## Who is not affected\n\nAll others.", "## Who is not affected", "empty"),
    ("All others.", "(write here: who)", "empty"),
    ("## What owners should do\n\nNothing.\n", "", "heading"),
    ("2026-11-25T09:00:00Z identified", "today identified", "update"),
    ("2026-11-25T09:00:00Z identified", "2026-11-25T09:00:00Z fixed", "update"),
    ("2026-11-25T09:00:00Z identified", "2026-11-23T09:00:00Z identified", "update"),
    ("2026-11-25T09:00:00Z identified", "2026-11-25T10:01:00Z identified", "update"),
    ("Another provider is being tried on our own sculptures.", "", "empty"),
    ('letters: ["2026-11-24", "2026-11-25"]', "letters:", "letter"),
    ('"2026-11-24", ', "", "letter"),
    ("resolved: false", "resolved: true", "resolvedWhen"),
    ("resolved: false\nresolvedWhen:", "resolved: true\nresolvedWhen: 2026-11-25T09:30Z",
     "resolved"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "kind"), FAULTS)
def test_what_lacks_something_is_refused_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, old: str, new: str, kind: str
) -> None:
    assert GOOD.count(old) == 1
    path = folder(tmp_path, GOOD.replace(old, new))
    found = [one for one in lint(path, capsys) if one["kind"] == kind]
    assert found, kind
    assert found[0]["file"] == str(path) and found[0]["line"] >= 1 and found[0]["fix"]
    seesaw("lint", "--in", path.parent, "--now", NOW)
    told = capsys.readouterr().out
    assert f"{path}:{found[0]['line']}: {found[0]['rule']}; {found[0]['fix']}\n" in told


HIDING = [
    "We apologize for any inconvenience.",
    "We apologise for the inconvenience this may have caused",
    "Sorry for\nany **inconvenience** caused.",
    "We sincerely regret the \u200binconvenience.",
    "Sorry for the inconv&#101;nience.",
    "ANY INCONVENIENCE IS REGRETTED",
    "Thank you for your patience and understanding.",
    "We appreciate your patience.",
    "We take the trust of our owners very seriously.",
    "Out of an abundance of caution, it is switched off.",
]


@pytest.mark.parametrize("words", HIDING)
@pytest.mark.parametrize("place", ["Nothing.", "We see it, and look for the cause."])
def test_words_that_hide_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture, words: str, place: str
) -> None:
    (found,) = lint(folder(tmp_path, GOOD.replace(place, words)), capsys)
    assert found["kind"] == "phrase"


def test_plain_words_of_regret_are_none_of_these(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = "I am sorry: your sculpture stood still for a day, and that is our fault."
    assert lint(folder(tmp_path, GOOD.replace("Nothing.", words)), capsys) == []


def test_every_day_of_an_open_incident_owes_a_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    text = GOOD.replace("2026-11-25T18:00:00Z", "2026-11-28T18:00:00Z")
    found = lint(folder(tmp_path, text), capsys, "2026-11-27T00:00Z")
    assert [one["rule"] for one in found] == [
        "no letter was written on 2026-11-26", "no letter was written on 2026-11-27"
    ]  # fmt: skip
    owned = text.replace('"2026-11-25"]', '"2026-11-25", "2026-11-26 not written, because ...",'
                         ' "2026-11-27"]')  # fmt: skip
    assert lint(folder(tmp_path, owned), capsys, "2026-11-27T00:00Z") == []


@pytest.mark.parametrize(("change", "why"), [
    ({"title": ""}, "TITLE: it has no title of 1 to 120 characters"),
    ({"title": "x" * 121}, "TITLE: it has no title of 1 to 120 characters"),
    ({"title": "We apologize for any inconvenience"}, "TITLE: it hides behind"),
    ({"--affected": "Nope"}, "--affected: 'Nope' is no component; one of Price data, Updates"),
    ({"--answers": "The support team"}, "--answers: 'The support team' is not a person"),
    ({"--address": "notmail"}, "--address: the address of the person who answers is missing"),
    ({"--address": "no-reply@seesaw.example"}, "takes no answer"),
    ({"--began": "2026-11-26T10:00Z"}, "--began: date is not the moment it began"),
])  # fmt: skip
def test_what_lint_would_say_is_refused_at_once(
    tmp_path: Path, change: dict[str, str], why: str, capsys: pytest.CaptureFixture
) -> None:
    said = {"title": "Prices stand still", "--severity": "down", "--affected": "Price data",
            "--answers": "Your Name", "--address": "you@seesaw.example", "--next": "+4h",
            "--in": str(tmp_path / "incidents"), "--now": NOW} | change  # fmt: skip
    title = said.pop("title")
    line = ["new", title, *(word for pair in said.items() for word in pair)]
    assert seesaw(*line) == 2
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and why in error and error.count("\n") == 1
    assert not (tmp_path / "incidents").exists()


def test_a_third_party_of_the_site_can_be_affected(tmp_path: Path) -> None:
    """site.json is as `new` has written it, so it need not say yet where the site will lie."""
    (tmp_path / "site.json").write_text('{"name": "S", "url": "", "third_parties": ["CNBC"]}')
    line = ["new", "Prices stand still", "--severity", "down", "--answers", "Your Name",
            "--address", "you@seesaw.example", "--next", "+4h", "--in", tmp_path, "--now", NOW,
            "--affected", "CNBC"]  # fmt: skip
    assert seesaw(*line) == 0
    (tmp_path / "site.json").write_text("{}")
    assert seesaw(*line[:1], "Again", *line[2:]) == 2


def test_from_new_to_resolved(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    inside = tmp_path / "incidents"
    said = ("--severity", "down", "--affected", "Price data", "--answers", "Your: Name #1",
            "--address", "you@seesaw.example", "--next", "+4h", "--in", inside)  # fmt: skip
    assert seesaw("new", "Ärger: \"prices\" stand still", *said, "--now", NOW) == 0
    path = inside / "2026-11-25-arger-prices-stand-still.md"
    assert path.exists()
    assert seesaw("lint", "--in", inside) == 2  # site.json does not say where the site will be
    assert "url is no https:// address" in capsys.readouterr().err
    folder(tmp_path, GOOD)
    mine = [one["kind"] for one in lint(path, capsys) if one["file"] == str(path)]
    assert sorted(mine) == ["empty"] * 6 + ["letter"]
    assert seesaw("new", 'Ärger: "prices" stand still', *said, "--now", NOW) == 2
    text = path.read_text("utf-8")
    for number in range(6):
        start = text.index("(write here")
        text = text[:start] + f"Words {number}." + text[text.index("\n", start) :]
    path.write_text(text, "utf-8")
    assert seesaw("update", path, "Found it.", "--status", "identified", "--next", "+2h",
                  "--now", "2026-11-25T11:00Z") == 0  # fmt: skip
    assert seesaw("update", path, "  ", "--next", "+2h") == 2
    assert seesaw("update", path, "## Updates", "--next", "+2h") == 2
    assert seesaw("update", path, "Late.", "--next", "2026-11-25T11:00Z", "--now",
                  "2026-11-25T11:00Z") == 2  # fmt: skip
    assert seesaw("resolve", path, "It moves again.", "--now", "2026-11-25T12:00Z") == 0
    assert seesaw("resolve", path, "It moves again.", "--now", "2026-11-25T12:00Z") == 2
    capsys.readouterr()
    assert lint(path, capsys, "2026-11-25T13:00Z") == []
    assert path.read_text("utf-8").endswith(
        "### 2026-11-25T12:00:00Z resolved\n\nIt moves again.\n"
    )


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\xfe\x00", "no UTF-8"),
        (b"# no front matter\n", "no front matter"),
        (b"---\ntitle: x\n", "no front matter"),
        (b"---\ntitle: a\ntitle: b\n---\n", "line 3"),
        (b"---\n  - item\n---\n", "line 2"),
        (GOOD.replace("Nothing.", "\x1b[2J").encode(), "U+001B"),
        (GOOD.replace("Nothing.", "abc\u202edef").encode(), "U+202E"),
        (GOOD.encode() + b"x" * (300 << 10), "larger than 256 KiB"),
    ],
)
def test_what_is_no_such_file_is_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture, raw: bytes, why: str
) -> None:
    path = folder(tmp_path)
    path.write_bytes(raw)
    assert seesaw("lint", "--in", path.parent) == 2
    told = capsys.readouterr().err
    assert why in told and str(path) in told and told.count("\n") == 1


@pytest.mark.parametrize("words", ["<!-- open", "<pre>", "> quoted", "- a\n- ```", "[a]: b"])
def test_words_of_an_update_change_no_other_part(
    tmp_path: Path, capsys: pytest.CaptureFixture, words: str
) -> None:
    path = folder(tmp_path)
    for minute in (1, 2):
        assert seesaw("update", path, words, "--next", "+2h",
                      "--now", f"2026-11-25T10:0{minute}Z") == 0  # fmt: skip
    capsys.readouterr()
    assert lint(path, capsys, "2026-11-25T10:05Z") == []
    found = draft.read(path)
    assert [one[1] for one in found.updates[-2:]] == [words, words] and len(found.updates) == 4


@pytest.mark.parametrize(
    "words", ["# a", "### 2026-11-25T10:00Z resolved", "a\n---", "a\n===", "```", "~~~", " "]
)
def test_words_that_would_change_the_parts_are_refused(tmp_path: Path, words: str) -> None:
    path = folder(tmp_path)
    assert seesaw("update", path, words, "--next", "+2h", "--now", NOW) == 2
    assert seesaw("resolve", path, words, "--now", NOW) == 2
    assert path.read_text() == GOOD


def test_windows_endings_and_a_mark_of_order_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = folder(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert lint(path, capsys) == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[" * 100_000, '{"name": "x"}', '{"name": "x", "url": "javascript:x",'
     ' "third_parties": []}', '{"name": "x", "url": "https://a b", "third_parties": []}',
     '{"name": "x", "url": "https://x", "third_parties": ["Updates"]}',
     '{"name": "x", "url": "https://x", "third_parties": ["A B", "a-b"]}',
     '{"name": "a\\u0000", "url": "https://x", "third_parties": []}'],
)  # fmt: skip
def test_a_site_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture, text: str) -> None:
    path = folder(tmp_path)
    (path.parent / "site.json").write_text(text)
    assert seesaw("lint", "--in", path.parent) == 2
    assert "site.json" in capsys.readouterr().err
