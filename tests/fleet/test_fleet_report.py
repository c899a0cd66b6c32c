"""`seesaw fleet report`: a fleet with known fates, written as logs, comes out as it was."""

import gzip
import io
import json
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from log_rig import alone, cloudfront, common, objects
from seesaw.repository import _MONTH_S, query

from host_tools import cli
from host_tools.fleet import logs, sayings
from host_tools.fleet import tally as tallies
from host_tools.fleet.logs import LINE_MAX, Counts, checks
from host_tools.fleet.summary import pseudonym
from host_tools.fleet.tally import DAY_S, MONTH_S, Tally
from host_tools.release.query import parse

MONTH = 681
START = MONTH * MONTH_S  # of a month of pseudonyms
FAILED = "1.1.0,a1b2c3d4,7,1,2"
LATE = START + MONTH_S * 3


def said(device: int, at_s: int, version: str, failure: str = "", action: str = "install") -> str:
    return query(version, device & 1, action, failure, device.to_bytes(6, "big"), at_s)


def fleet() -> list[tuple[int, str]]:
    """Ten days of 100 devices: 1.1.0 from the fourth on; 10 fail it in the app, 5 of those run
    it for a moment before; 7 are silent after the sixth; 3 go back without a failure."""
    found = []
    for day in range(10):
        for device in range(100):
            at_s = START + day * DAY_S + device * 60
            if day >= 6 and 90 <= device < 97:
                continue
            version, failure, action = "1.0.0", "", "install"
            if day >= 4:
                version = "1.1.0"
            if day == 4 and 5 <= device < 10:
                action = "trial"
            elif day >= 4 and device < 10:
                version, failure = "1.0.0", FAILED
            if day >= 8 and 20 <= device < 23:
                version = "1.0.0"
            found.append((at_s, said(device, at_s, version, failure, action)))
    return found


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert cli.main(["fleet", "report", "--json", *map(str, arguments)]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_the_report_says_what_the_fleet_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "access.log"
    log.write_text("".join(common(*one) + "\n" for one in fleet()))
    found = run(capsys, log, "--release", "1.1.0")

    assert found["read"] == {"lines": 972, "checks": 972, "other": 0, "unsaid": 0, "torn": 0,
                             "files": 1, "cut": 0, "beyond_limits": 0}  # fmt: skip
    assert (found["pseudonyms"], found["heard_lately"]) == (100, 93)
    assert found["versions"] == {"1.1.0": 80, "1.0.0": 13}
    assert found["slots"] == {"0": 46, "1": 47}
    assert found["failures"] == [{"release": "1.1.0", "bundle": "a1b2c3d4", "stage": "app",
                                  "cause": "crash", "pseudonyms": 10}]  # fmt: skip
    assert found["rolled_back"] == 10
    assert found["went_back"] == [
        {"from": "1.1.0", "to": "1.0.0", "by": "failure", "pseudonyms": 5},
        {"from": "1.1.0", "to": "1.0.0", "by": "recall or hand", "pseudonyms": 3},
    ]
    assert [day["versions"] for day in found["by_day"][3:6]] == [
        {"1.0.0": 100}, {"1.1.0": 95, "1.0.0": 5}, {"1.1.0": 90, "1.0.0": 10},
    ]  # fmt: skip
    assert found["silent"]["pseudonyms"] == 7 and found["silent"]["or_renamed"] == 0
    names = {one["pseudonym"] for one in found["silent"]["listed"]}
    assert all(f"p={name}" in log.read_text() for name in names) and len(names) == 7
    release = found["release"]
    assert [release[one] for one in ("runs", "failed", "left", "never")] == [87, 10, 3, 0]
    assert found["markets"] == []


def test_what_they_show_is_told_by_instrument_and_provider(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last check of each counts; who has not said it is not among them."""
    shows = (("sp500,L,1", 60), ("sp500,N,1", 30), ("sp500,D,3", 5), ("ftse,C,0", 4), ("", 1))
    every = [words for words, count in shows for _ in range(count)]
    lines = [(START, said(device, START, "1.0.0") + "&m=sp500,L,1") for device in range(100)]
    for device, words in enumerate(every):
        lines.append((START + 60, said(device, START, "1.0.0") + (f"&m={words}" if words else "")))
    log = tmp_path / "access.log"
    log.write_text("".join(common(*one) + "\n" for one in lines))
    found = run(capsys, log)

    assert found["markets"] == [
        {"instrument": "sp500", "pseudonyms": 95, "dark": 30,
         "states": {"LIVE": 60, "NO_DATA": 30, "DELAYED": 5},
         "providers": {"1": {"LIVE": 60, "NO_DATA": 30}, "3": {"DELAYED": 5}}},
        {"instrument": "ftse", "pseudonyms": 4, "dark": 0, "states": {"CLOSED": 4},
         "providers": {"0": {"CLOSED": 4}}},
    ]  # fmt: skip
    assert cli.main(["fleet", "report", str(log)]) == 0
    out = capsys.readouterr().out
    assert "sp500             95   LIVE 60, NO_DATA 30, DELAYED 5" in out
    assert "by its feed 3: DELAYED 5" in out


def test_whom_an_outage_reached_and_whom_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In any order of the lines."""
    days = ("sp500,L,1", "sp500,S,1", "sp500,N,1"), ("sp500,S,1", "sp500,L,3"), ("sp500,L,1",), (
        "ftse100,N,1",), ("btc,L,1",), ("",)  # fmt: skip
    lines = [
        (START + 60 * at, said(device, START, "1.0.0") + (f"&m={shown}" if shown else ""))
        for device, told in enumerate(days) for at, shown in enumerate(told)
    ]  # fmt: skip
    wanted = {"instrument": "sp500", "reached": 2, "still": 1, "over": 1, "unharmed": 1,
              "elsewhere": 3}  # fmt: skip
    for order in (lines, lines[::-1]):
        log = tmp_path / "access.log"
        log.write_text("".join(common(*one) + "\n" for one in order))
        found = run(capsys, log, "--instrument", "sp500")["outage"]
        assert wanted.items() <= found.items()
        assert [len(found["listed"][group]) for group in ("still", "over")] == [1, 1]
    assert cli.main(["fleet", "report", str(log), "--instrument", "sp500"]) == 0
    assert "outage of sp500: 2, of whom 1 are still in the dark; not affected: 1 that follow" in (
        capsys.readouterr().out
    )


def test_order_form_and_packing_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = tmp_path / "one.log"
    one.write_text("".join(common(*line) + "\n" for line in fleet()))
    wanted = run(capsys, one)
    lines = fleet()
    head = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host)" \
           " cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie)\n"
    tabs = head + "".join(cloudfront(*line) + "\n" for line in lines[:300])
    (tmp_path / "a.gz").write_bytes(gzip.compress(tabs.encode()))
    mixed = [random.Random(7).choice(objects(*line)) for line in lines[300:600]]
    (tmp_path / "b.json").write_text("\ufeff" + "\r\n".join(mixed))
    (tmp_path / "c.log").write_text("\n".join(common(*line) for line in lines[600:]))
    found = run(capsys, tmp_path / "a.gz", tmp_path / "b.json", tmp_path / "c.log")

    assert found["read"]["lines"] == 974 and found["read"]["other"] == 2  # CloudFront's head
    for key in wanted.keys() - {"read"}:
        assert found[key] == wanted[key], key


def test_a_new_month_renames_and_does_not_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [(at, said(device, at, "1.0.0")) for day in range(-6, 6) for device in range(20)
            for at in [START + day * DAY_S + device]]  # fmt: skip
    log = tmp_path / "access.log"
    log.write_text("".join(common(*row) + "\n" for row in rows))
    found = run(capsys, log)

    assert (found["pseudonyms"], found["heard_lately"]) == (40, 20)
    assert found["silent"]["pseudonyms"] == 0 and found["silent"]["or_renamed"] == 20
    assert {sum(day["versions"].values()) for day in found["by_day"]} == {20}


def test_a_month_is_the_device_s_month() -> None:
    assert MONTH_S == _MONTH_S


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [Terminal(), io.StringIO()])
def test_only_a_terminal_gets_a_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: io.StringIO
) -> None:
    log = tmp_path / "access.log"
    log.write_text("\n".join(common(*one) for one in fleet()) * 20)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert cli.main(["fleet", "report", str(log)]) == 0
    drawn = "100 %" in terminal.getvalue() and terminal.getvalue().startswith("\rread [")
    assert drawn == terminal.isatty() and bool(terminal.getvalue()) == drawn


def read(path: Path) -> tuple[Counts, int]:
    counts = Counts()
    return counts, sum(map(len, checks([path], counts, LATE)))


@pytest.mark.parametrize("block", [logs.BLOCK, 1 << 20, 50_000, 999])
def test_what_is_torn_is_counted_and_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(logs, "BLOCK", block)
    line = common(START, said(1, START, "1.0.0"))
    log = tmp_path / "access.log"
    log.write_text("\n".join([
        line, line[:90], "", line.replace("GET", "HEAD"), "x" * (3 * LINE_MAX), line,
        common(LATE + 1, said(1, START, "1.0.0")), "y" * (40 * LINE_MAX) + line, line[:-1],
        "\0" + line, line + "\0", line.replace("[", "\0["),
    ]))  # fmt: skip

    assert read(log) == (Counts(lines=11, torn=5, other=1, files=1), 5)


def test_a_file_that_ends_in_the_middle_counts_until_there(tmp_path: Path) -> None:
    rows = [common(START + second, said(second, START, "1.0.0")) for second in range(5000)]
    packed = gzip.compress("\n".join(rows).encode())
    log = tmp_path / "access.log.gz"
    log.write_bytes(packed[: len(packed) // 2])
    counts, found = read(log)
    assert counts.cut == 1 and 1000 < found < 5000
    log.write_bytes(packed[:400] + b"\0" * 400 + packed[800:])
    assert read(log)[0].cut == 1
    log.write_bytes(packed + b"\x1f\x8bgarbage")
    assert read(log) == (Counts(lines=5000, files=1, cut=1), 5000)


def disordered() -> list[tuple[int, str]]:
    """Each device's versions, failures and outages change; a tenth of the lines come late."""
    dice, found = random.Random(11), []
    for number in range(1500):
        at_s = START - 5 * DAY_S + number * 700
        version = dice.choice(["1.0.0", "1.1.0", "1.2.0"])
        failure = dice.choice([""] * 49 + [FAILED])
        at_s -= dice.choice([0] * 9 + [2 * DAY_S])
        shown = f"&m={dice.choice(['sp500', 'ftse100'])},{dice.choice('LSN')},{dice.choice('123')}"
        found.append((at_s, said(dice.randrange(40), at_s, version, failure) + shown))
    return found


@pytest.mark.parametrize("waiting", [1, 7, 400])
def test_how_many_are_read_at_once_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    waiting: int,
) -> None:  # fmt: skip
    log = tmp_path / "access.log"
    log.write_text("\ufeff" + "\r\n".join(common(*one) for one in disordered()))
    asked = (log, "--release", "1.1.0", "--instrument", "sp500")
    wanted = run(capsys, *asked)
    monkeypatch.setattr(logs, "BLOCK", 1000)
    monkeypatch.setattr(tallies, "WAITING_MAX", waiting)
    assert run(capsys, *asked) == wanted
    assert wanted["read"]["checks"] == wanted["read"]["lines"] == 1500
    assert wanted["went_back"] and wanted["outage"]["over"] and wanted["release"]["left"]


def test_a_row_for_each_device_is_what_a_loop_over_its_checks_says() -> None:
    """The rules of a device, once more and one check after the other."""
    first: dict[str, int] = {}
    last: dict[str, tuple[int, str]] = {}
    back: dict[str, tuple[str, str]] = {}
    ran, failed, dark, heard = (set() for _ in range(4))
    for at_s, query_ in disordered():
        one = parse(query_)
        assert one and one.market
        name = one.pseudonym
        first[name] = min(at_s, first.get(name, at_s))
        ran |= {(name, one.version)}
        heard |= {(name, at_s // DAY_S)}
        failed |= {name} if one.failure else set()
        if one.market.state in ("STALE", "NO_DATA"):
            dark |= {(name, one.market.instrument)}
        if at_s >= last.get(name, (0, ""))[0]:
            if last.get(name, (0, ""))[1] > one.version:
                back[name] = last[name][1], one.version
            last[name] = at_s, one.version
    tally = Tally()
    rows = disordered()
    for begin in range(0, len(rows), 100):
        at, queries = zip(*rows[begin : begin + 100], strict=True)
        tally.add([pl.DataFrame({"at": at, "query": queries})])

    versions, instruments = list(tally.sayings.versions), list(tally.sayings.instruments)
    said_ = tally.sayings.said
    assert {pseudonym(name): (at_s, said_[number].version) for name, _, at_s, number
            in tally.devices.iter_rows()} == last  # fmt: skip
    assert {pseudonym(name): at_s for name, at_s, *_ in tally.devices.iter_rows()} == first
    assert {pseudonym(name): (versions[old], versions[new])
            for name, old, new in tally.back.iter_rows()} == back  # fmt: skip
    assert {(pseudonym(name), versions[one]) for name, one in tally.ran.iter_rows()} == ran
    assert {(pseudonym(name), instruments[one]) for name, one in tally.dark.iter_rows()} == dark
    assert {pseudonym(name) for name, _ in tally.failed.iter_rows()} == failed
    assert sum(tally.by_day.values()) == len(heard) and tally.beyond == 0


def test_forged_checks_fill_nothing_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "NAMES_MAX", 10)
    monkeypatch.setattr(sayings, "VERSIONS_MAX", 3)
    monkeypatch.setattr(sayings, "KINDS_MAX", 4)
    tally = Tally()
    for number in range(1000):
        failure = f"1.{number},{number:08x},7,1,2"
        query = said(number % 20, START, f"1.{number}", failure)
        tally.add([pl.DataFrame({"at": [START + number * DAY_S], "query": [query]})])

    assert len(tally.devices) == 3 and len(tally.sayings.versions) == 3
    assert len(tally.sayings.kinds) <= 4 and tally.beyond >= 990
    assert len(tally.heard) == 3 and sum(tally.by_day.values()) == 3


def test_names_are_followed_until_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "NAMES_MAX", 10)
    tally = Tally()
    for begin in (0, 7, 3):  # of 15, seven at once
        queries = [said(number % 15, START, "1.0.0") for number in range(begin, begin + 7)]
        tally.add([pl.DataFrame({"at": [START] * 7, "query": queries})])

    followed = {pseudonym(name) for name in tally.devices["name"]}
    assert followed == {parse(said(number, START, "1.0.0")).pseudonym for number in range(10)}
    assert tally.beyond == 4 and tally.counts.checks == 21


def test_a_page_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    log, html = tmp_path / "access.log", tmp_path / "report.html"
    log.write_text("".join(common(*one) + "\n" for one in fleet()))
    html.write_text("the one before")
    command = f"{sys.executable} -m host_tools.cli fleet report {log} --html {html}"
    ended = subprocess.run(
        ["bash", "-c", f"ulimit -f 1; {command}"], text=True, capture_output=True, check=False
    )
    assert ended.returncode == 2 and ended.stderr.startswith(f"seesaw: {html}: cannot be written")
    assert html.read_text() == "the one before"
    assert {path.name for path in tmp_path.iterdir()} == {"access.log", "report.html"}


def test_the_page_holds_pictures_and_no_markup_of_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, html = tmp_path / "access.log", tmp_path / "report.html"
    hostile = common(START, said(1, START, "1.0.0")).replace("v=1.0.0", "v=<b>&")
    log.write_text("".join(common(*one) + "\n" for one in fleet()) + hostile)
    assert cli.main(["fleet", "report", str(log), "--html", str(html)]) == 0
    out = capsys.readouterr().out
    text = html.read_text()

    assert "failed   1.1.0 (a1b2c3d4): crash in app   10" in out and "rolled back: 10" in out
    assert "rotates each month" in out and "between two checks" in out
    assert "1 checks of no device" in out
    assert "<script" not in text and "<b>" not in text and "rolled back: 10" in text
    svg = ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}path"))) > 20


@pytest.mark.parametrize("content", [None, "", "nothing\n", "\x1f\x8b"])
def test_logs_that_say_nothing_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    log = tmp_path / "access.log"
    if content is not None:
        log.write_bytes(content.encode("latin-1"))
    assert cli.main(["fleet", "report", str(log)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("seesaw: ") and err.count("\n") == 1 and "name" in err


def test_without_polars_only_what_reads_logs_stops(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(common(START, said(1, START, "1.0.0")))

    for words in (("fleet", "report", log), ("rollout", "watch", tmp_path, "1.0.0", log)):
        done = alone(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert "polars, which is not there" in done.stderr and done.stderr.count("\n") == 1
        assert "pip install -e '.[fleet]'" in done.stderr
    done = alone("rollout", "status", tmp_path / "none")
    assert done.returncode == 2 and "'seesaw release init' makes one" in done.stderr
    assert alone("fleet", "simulate", "--devices", 1000, "--days", 2).returncode in (0, 1)


def test_without_matplotlib_it_says_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "access.log"
    log.write_text(common(START, said(1, START, "1.0.0")))
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert cli.main(["fleet", "report", str(log), "--html", str(tmp_path / "x.html")]) == 2
    assert "pip install -e '.[fleet]'" in capsys.readouterr().err
    assert cli.main(["fleet", "report", str(log)]) == 0
