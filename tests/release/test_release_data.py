"""`seesaw release data`: a set is signed under the role data alone, published and shown."""

import codecs
import json
import shutil
from pathlib import Path

import pytest
from release_rig import Desk, contents, sha256
from seesaw.data import feeds

from host_tools.image import settings
from host_tools.market import calendars, feed_sets
from host_tools.release import datasets, roles

GOOD = feed_sets.text(feed_sets.with_sigma(feed_sets.shipped(), "sp500", 1.2)).encode()


def put(desk: Desk, raw: bytes, *words: object, name: str = "feeds") -> int:
    file = desk.folder / "set.json"
    file.write_bytes(raw)
    return desk.run("data", name, file, *words)


def error_of(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert error.startswith("seesaw: ") and error.count("\n") == 1
    return error


def test_it_is_signed_as_the_specification_says(desk: Desk) -> None:
    before = contents(desk.repo)
    assert put(desk, GOOD, "--firmware", "0.3.0") == 0
    target = desk.role(roles.DATA).targets["data/feeds"]

    assert target.hashes == {"sha256": sha256(GOOD)} and target.length == len(GOOD)
    assert target.custom == {"format": 1, "firmware": "0.3.0"}
    assert (desk.repo / f"targets/data/{sha256(GOOD)}.feeds").read_bytes() == GOOD
    new = set(contents(desk.repo)) - set(before)
    assert not [name for name in new if "root" in name or "targets.json" in name]


def test_the_same_desk_signs_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    other = Desk(tmp_path / "other", desk.now_s)
    shutil.copytree(desk.folder, other.folder)
    assert put(desk, GOOD) == put(other, GOOD) == 0

    assert contents(desk.repo) == contents(other.repo)


def test_it_is_published_and_shown(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert put(desk, GOOD) == desk.publish() == 0
    assert (desk.out / f"targets/data/{sha256(GOOD)}.feeds").read_bytes() == GOOD
    capsys.readouterr()
    line = f"data: feeds {sha256(GOOD)[:16]}, {len(GOOD)} bytes, for firmware from 0"
    assert desk.run("status") == 0
    assert line in capsys.readouterr().out
    assert desk.run("verify", desk.out, "--no-kept") == 0
    assert line in capsys.readouterr().out
    assert desk.run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["data"][0]["name"] == "feeds"


def test_another_set_takes_its_place(desk: Desk) -> None:
    other = GOOD.replace(b'"sigma":1.2,', b'"sigma":1.3,')
    assert put(desk, GOOD) == put(desk, other) == 0

    assert desk.role(roles.DATA).targets["data/feeds"].hashes == {"sha256": sha256(other)}


def test_a_set_that_was_spoilt_on_the_host_is_seen(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert put(desk, GOOD) == desk.publish() == 0
    (desk.out / f"targets/data/{sha256(GOOD)}.feeds").write_bytes(GOOD + b" ")
    capsys.readouterr()

    assert desk.run("verify", desk.out, "--no-kept") == 1
    assert "TROUBLE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "Expecting value"),
        (b"[1]", "not format 2"),
        (b'{"format": 1, "feeds": {}}', "not format 2"),
        (b'{"format": 2}', "is missing"),
        (GOOD + b" " * feeds.SIZE_MAX, "16384"),
        (GOOD.replace(b'"cnbc":{', b'"other":{'), "feeds: no provider cnbc"),
        (GOOD.replace(b"https", b"ftp"), ": url: http or https"),
        (GOOD.replace(b"quote.cnbc.com", b"new.example", 1), "cnbc: "),
        (GOOD.replace(b'"sigma":1.2,', b'"sigma":NaN,'), "NaN is no number"),
        (codecs.BOM_UTF8 + GOOD, "BOM"),
        (GOOD.replace(b'"format":2', b'"format":2,"format":2'), "twice"),
        (b'{"format":' + b"[" * 9000, "recursion"),
    ],
)
def test_what_no_device_should_get(
    desk: Desk, capsys: pytest.CaptureFixture[str], raw: bytes, words: str
) -> None:
    before = contents(desk.repo)

    assert put(desk, raw) == 2
    assert words in error_of(capsys)
    assert contents(desk.repo) == before


def test_what_else_is_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert put(desk, GOOD, name="recipes") == 2
    assert "no device knows it; choose from feeds" in error_of(capsys)
    assert put(desk, GOOD, "--firmware", "newest") == 2
    assert "--firmware newest" in error_of(capsys)
    assert desk.run("data", "feeds", desk.folder / "nothing") == 2
    assert "No such file" in error_of(capsys)
    assert put(desk, GOOD) == 0
    assert put(desk, GOOD) == 2
    assert "this very set is on offer" in error_of(capsys)
    shutil.rmtree(desk.keys / "desk")
    shutil.rmtree(desk.keys / "spare")
    assert put(desk, GOOD, "--firmware", "0.3.0") == 2
    assert "role data" in error_of(capsys)


def test_what_the_release_ships_is_a_set_that_may_be_signed() -> None:
    datasets.check("feeds", settings.FEEDS.read_bytes(), 0)


# -- calendars -----------------------------------------------------------------------------------

TABLE = calendars.text(calendars.read()).encode()


def test_calendars_are_signed_and_their_horizons_are_named(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signed one counts before the one that ships, of each exchange that it names."""
    part = calendars.read()["XNSE"]
    longer = calendars.text({"XNSE": part | {"last": part["last"] + 365}}).encode()
    last = calendars.date_of(part["last"])
    assert desk.run("expiry") == 0
    told = capsys.readouterr().out
    assert f"XNSE: the calendar ended on {last}" in told
    assert f"calendars that a release ships end: XNSE {last}, " in told
    assert put(desk, longer, name="calendars") == desk.publish() == 0
    assert desk.role(roles.DATA).targets["data/calendars"].length == len(longer)
    assert (desk.out / f"targets/data/{sha256(longer)}.calendars").read_bytes() == longer
    capsys.readouterr()
    assert desk.run("expiry") == 0
    told = capsys.readouterr().out
    end = calendars.date_of(part["last"] + 365)
    assert f"calendars of data/calendars end: XNSE {end}" in told
    assert "XNSE: the calendar e" not in told and "XSHG: the calendar ended" in told
    assert desk.run("expiry", "--json") == 0
    assert json.loads(capsys.readouterr().out)["calendars_end"]["XNSE"] == str(end)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{}", "not format 1"),
        (TABLE + b" " * 8192, "a device takes 8192"),
        (TABLE.replace(b"XLON", b"XTSE"), "exchanges: one or more of XNYS"),
        (b'{"format":1,"calendars":{}}', "exchanges: one or more of"),
        (TABLE.replace(b"[570,960]", b"[960,570]"), "no calendar"),
        (TABLE.replace(b'"XLON"', b'"XNYS"'), "twice"),
    ],
)
def test_calendars_that_no_device_should_get(
    desk: Desk, capsys: pytest.CaptureFixture[str], raw: bytes, words: str
) -> None:
    assert put(desk, raw, name="calendars") == 2
    told = error_of(capsys)
    assert words in told and ("seesaw market calendar" in told or "say less" in told)
