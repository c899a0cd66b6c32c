"""The day's letters: who gets which, what stands in them, and what is kept out of them."""

import csv
import time
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from telling import GOOD, NOW, folder, seesaw

OWNERS = """name,address,device
Öwner Öne,One@x.example,24:0A:C4:A1:B2:C3
Two,two@x.example,seesaw-000001
"Three, of the shop",three@x.example,
,four@x.example,240ac4000001
"""
PAGE = "https://status.seesaw.example/incident/2026-11-24-prices.html"
UNTOLD = GOOD.replace(', "2026-11-25"]', "]")


class Desk:
    """A folder with an incident, owners, and the ids of affected devices."""

    def __init__(self, path: Path, text: str = UNTOLD) -> None:
        self.file = folder(path, text)
        self.owners, self.ids, self.out = path / "owners.csv", path / "ids.txt", path / "letters"
        self.owners.write_text(OWNERS, "utf-8")
        self.ids.write_text("# from the report\na1b2c3\n\n240ac4ffffff # spare\n")

    def letter(self, *more: object, now: str = NOW, whose: tuple = ()) -> int:
        return seesaw("letter", self.file, self.owners, *(whose or ("--affected", self.ids)),
                      "--out", self.out, "--now", now, *more)  # fmt: skip

    def mails(self) -> dict[str, bytes]:
        return {f"{path.parent.name}/{path.name}": path.read_bytes()
                for path in self.out.rglob("*.eml")}  # fmt: skip

    def text(self, kind: str) -> str:
        (found,) = self.out.rglob(f"{kind}.txt")
        return found.read_text("utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_each_owner_gets_the_one_that_fits(desk: Desk, capsys: pytest.CaptureFixture) -> None:
    assert desk.letter() == 0
    assert set(desk.mails()) == {
        "affected/one@x.example.eml", "not-affected/two@x.example.eml",
        "not-affected/four@x.example.eml", "unknown/three@x.example.eml",
    }  # fmt: skip
    told = capsys.readouterr().err
    assert "1 affected, 2 not-affected, 1 unknown" in told and "nothing was sent" in told


def test_what_stands_in_them(desk: Desk) -> None:
    desk.letter()
    affected, spared, unknown = map(desk.text, ("affected", "not-affected", "unknown"))
    for text in (affected, spared, unknown):
        assert PAGE in text and "Prices stand still" in text
        assert "The next letter comes by Thursday, 26 November 2026, 10:00 UTC" in text
        assert text.endswith("\nYour Name\nyou@seesaw.example\n")
    for words in ("The beam rests", "Another provider is being tried", "What you should do",
                  "In return\nA month more of warranty."):  # fmt: skip
        assert words in affected and words not in spared
    assert "We see it" not in affected  # that was yesterday
    assert "You need do nothing".lower() in spared and len(spared) < len(affected) * 0.7
    assert "We do not know which" in unknown and "Who is not affected\nAll others." in unknown
    assert "In return" not in unknown


def test_a_mail_opens_as_a_draft_to_one_owner(desk: Desk) -> None:
    desk.letter()
    raw = desk.mails()["affected/one@x.example.eml"]
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["To"].addresses[0].display_name == "Öwner Öne" and len(mail["To"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "you@seesaw.example"
    assert mail["From"].addresses[0].display_name == "Your Name"
    assert mail["Subject"] == "Prices stand still (25 November: identified)"
    assert mail["X-Unsent"] == "1" and not mail.defects
    body = mail.get_content().replace("\r\n", "\n")
    assert body.startswith("Dear Öwner Öne,\n") and "A month more" in body
    assert b"\r\n" in raw and max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"two@" not in raw
    names = {message_from_bytes(one)["Message-ID"] for one in desk.mails().values()}
    assert len(names) == 4


def test_it_is_noted_that_the_letter_is_written(
    desk: Desk, capsys: pytest.CaptureFixture
) -> None:
    assert seesaw("lint", "--in", desk.file.parent, "--now", NOW) == 1
    assert "no letter was written on 2026-11-25" in capsys.readouterr().out
    assert desk.letter() == 0
    assert seesaw("lint", "--in", desk.file.parent, "--now", NOW) == 0
    before = desk.file.read_text()
    assert desk.letter() == 0  # again: the same letters, noted once
    assert desk.file.read_text() == before and len(desk.mails()) == 4


def test_a_dry_run_shows_every_file_and_touches_none(
    desk: Desk, capsys: pytest.CaptureFixture
) -> None:
    assert desk.letter("--dry-run") == 0
    shown = capsys.readouterr().out
    assert not desk.out.exists() and desk.file.read_text() == UNTOLD
    assert desk.letter() == 0
    assert capsys.readouterr().out == shown
    written = [str(path) for path in desk.out.rglob("*") if path.is_file()]
    assert {f"write {path}" for path in (*written, desk.file)} == set(shown.splitlines())


def test_a_letter_that_is_no_longer_right_goes(desk: Desk, capsys: pytest.CaptureFixture) -> None:
    desk.letter()
    desk.ids.write_text("000001\n")
    kept = desk.out / "2026-11-24-prices" / "2026-11-24" / "affected" / "old@x.example.eml"
    kept.parent.mkdir(parents=True)
    kept.write_text("of yesterday")
    capsys.readouterr()
    assert desk.letter() == 0
    assert set(desk.mails()) == {
        "not-affected/one@x.example.eml", "affected/two@x.example.eml",
        "affected/four@x.example.eml", "unknown/three@x.example.eml", "affected/old@x.example.eml",
    }  # fmt: skip
    assert "remove " in capsys.readouterr().out


def test_everybody_is_affected(desk: Desk) -> None:
    assert desk.letter(whose=("--all",)) == 0
    assert {name.partition("/")[0] for name in desk.mails()} == {"affected"}


def test_an_owner_of_several_hears_once(desk: Desk) -> None:
    rows = ["a,a@x.example,000001", "a,A@x.example,a1b2c3", "a,a@x.example,",
            "b,b@x.example,000001", "b,b@x.example,"]  # fmt: skip
    desk.owners.write_text("name,address,device\n" + "\n".join(rows))
    assert desk.letter() == 0
    assert set(desk.mails()) == {"affected/a@x.example.eml", "unknown/b@x.example.eml"}


def test_an_account_that_lint_refuses_is_no_letter(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    desk = Desk(tmp_path, UNTOLD.replace("Nothing.", "Thank you for your patience."))
    assert desk.letter() == 1
    desk = Desk(tmp_path)
    assert desk.letter(now="2026-11-25T19:00Z") == 1  # the promised update is overdue
    assert desk.letter(now="2026-11-24T16:00Z") == 1  # an update is in the future
    capsys.readouterr()
    later = Desk(tmp_path, UNTOLD.replace("2026-11-25T18:00:00Z", "2026-11-27T18:00:00Z"))
    assert later.letter(now="2026-11-26T10:00Z") == 1
    assert "no update was written on 2026-11-26" in capsys.readouterr().err
    assert not desk.out.exists()


def test_an_update_in_another_zone_is_of_its_day_in_utc(tmp_path: Path) -> None:
    east = UNTOLD.replace("2026-11-25T09:00:00Z identified", "2026-11-25T01:00+02:00 identified")
    assert Desk(tmp_path, east).letter() == 1  # that was yesterday


def test_the_last_letter(tmp_path: Path) -> None:
    over = UNTOLD.replace("resolved: false\nresolvedWhen:",
                          "resolved: true\nresolvedWhen: 2026-11-25T09:00Z")  # fmt: skip
    desk = Desk(tmp_path, over.replace("Z identified", "Z resolved"))
    assert desk.letter() == 0
    assert "This is the last letter about it." in desk.text("affected")
    assert "some seesaws had a trouble" in desk.text("not-affected")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(desk: Desk, encoding: str, mark: str) -> None:
    lines = [["Name", "E-Mail", "Device ID"], ["Öwner", "one@x.example", "24-0a-c4-a1-b2-c3"]]
    text = "\r\n".join(mark.join(line) for line in lines) + "\r\n\r\n"
    start = b"\xfe\xff" if encoding == "utf-16-be" else b""
    desk.owners.write_bytes(start + text.encode(encoding))
    assert desk.letter() == 0
    assert "Dear Öwner," in message_from_bytes(
        desk.mails()["affected/one@x.example.eml"], policy=policy.default
    ).get_content()  # fmt: skip


HOSTILE = [
    ("=HYPERLINK(1)", "a@x.example", "", "as a formula"),
    ("@SUM(1)", "a@x.example", "", "as a formula"),
    ("a", "=1+1", "", "as a formula"),
    ("a\r\nBcc: all@x.example", "a@x.example", "", "a line's end"),
    ("a", "a@x.example\nBcc: all@x.example", "", "a line's end"),
    ("a\0b", "a@x.example", "", "control character"),
    ("a\u202eb", "a@x.example", "", "control character"),
    ("a" * 101, "a@x.example", "", "longer than 100"),
    ("a", "a@x.example, b@x.example", "", "no mail address"),
    ("a", "<a@x.example>", "", "no mail address"),
    ("a", "a..b@x.example", "", "no mail address"),
    ("a", "../../a@x.example", "", "no mail address"),
    ("a", "ä@x.example", "", "no mail address"),
    ("a", "a" * 200 + "@x.example", "", "no mail address"),
    ("a", "", "", "no mail address"),
    ("a", "a@x.example", "my seesaw", "no id of a device"),
]


@pytest.mark.parametrize(("name", "address", "device", "why"), HOSTILE)
def test_a_row_that_cannot_be_right_is_named(
    desk: Desk, capsys: pytest.CaptureFixture, name: str, address: str, device: str, why: str
) -> None:
    with open(desk.owners, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerows([["name", "address", "device"], ["b", "b@x.example", ""]])
        rows.writerow([name, address, device])
    assert desk.letter() == 2
    told = capsys.readouterr().err
    assert why in told and "owners.csv:" in told and told.count("\n") == 1
    assert not desk.out.exists() and desk.file.read_text() == UNTOLD


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no columns"),
        (b"who,where\na,b\n", "no columns"),
        (b"name,address\n", "no owner"),
        ("name,address\nÖwner,a@x.example\n".encode("cp1252"), "no UTF-8"),
        (b"\xff\xfea", "no UTF-16"),
        (b'name,address\n"a,a@x.example\n', "owners.csv:"),
        (b"name,address\n" + b"a" * 200_000 + b",a@x.example\n", "owners.csv:"),
        (b"name,address\n" + b"a,a@x.example\n" * 20_001, "more than 20000 owners"),
        (b"name,address\n" + b"\n" * (17 << 20), "larger than"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_csv_of_owners(
    desk: Desk, capsys: pytest.CaptureFixture, raw: bytes, why: str
) -> None:
    desk.owners.write_bytes(raw)
    assert desk.letter() == 2
    assert why in capsys.readouterr().err and not desk.out.exists()


@pytest.mark.parametrize("title", [r"a\nBcc: all@x.example", r"a\u0000b", r"a\ud800b"])
def test_no_title_makes_a_header(
    tmp_path: Path, capsys: pytest.CaptureFixture, title: str
) -> None:
    desk = Desk(tmp_path, UNTOLD.replace("title: Prices stand still", f'title: "{title}"'))
    assert desk.letter() == 2
    assert "control character" in capsys.readouterr().err


def test_a_name_of_marks_stays_a_name(desk: Desk) -> None:
    name = 'Bcc: "x" <y@x.example>, {{ one }} 株式会社 ' + "é" * 50
    with open(desk.owners, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["name", "address"], [name, "o'brien@x.example"]])
    assert desk.letter() == 0
    raw = desk.mails()["unknown/o'brien@x.example.eml"]
    mail = message_from_bytes(raw, policy=policy.default)
    # By the older reader: the newer one puts blanks between the encoded words of a name.
    to = str(make_header(decode_header(message_from_bytes(raw)["To"])))
    assert to == f"{name} <o'brien@x.example>"
    assert mail["Bcc"] is None and f"Dear {name}," in mail.get_content()


def test_ids_that_are_none(desk: Desk, capsys: pytest.CaptureFixture) -> None:
    desk.ids.write_text("a1b2c3\nsculpture 7\n")
    assert desk.letter() == 2
    assert "ids.txt:2: 'sculpture 7' is no id" in capsys.readouterr().err
    assert desk.letter(whose=("--affected", desk.owners.parent / "absent")) == 2


def test_many_owners(desk: Desk) -> None:
    rows = "".join(f"n{n},n{n}@x.example,{n:012x}\n" for n in range(2000))
    desk.owners.write_text("name,address,device\n" + rows)
    desk.ids.write_text("".join(f"{n:012x}\n" for n in range(0, 200_000, 2)))
    start = time.monotonic()
    assert desk.letter() == 0
    assert time.monotonic() - start < 60
    assert len(list(desk.out.rglob("affected/*.eml"))) == 1000
