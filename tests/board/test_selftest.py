"""`seesaw selftest` at an emulated seesaw on the real MicroPython, and what it makes of answers."""

import json
import threading
import time
from pathlib import Path

import cable_rig
import pytest

from host_tools import cli
from host_tools.board import consent, selftest, selftest_parts
from host_tools.board.selftest import FAILED, PASSED, UNSEEN, Result


@pytest.fixture(scope="module")
def desk():
    with cable_rig.world() as world:
        desk = world.desk()
        desk.wait_for("state=LIVE")
        yield desk


def test_it_tests_all_and_leaves_the_device_as_it_was(desk, capsys, tmp_path: Path):
    out = tmp_path / "record.json"
    before, pulses = desk.flash.to_bytes(), len(desk.device.board.pwm.pulses)
    command = ["selftest", "--port", desk.port.path, "--yes", "--record", str(out)]
    assert cli.main(command) == 0
    start = len(desk.text)  # it starts again
    said = capsys.readouterr()
    record = json.loads(out.read_text())
    assert (record["board"], record["version"]) == ("esp32_wrover", "0.1.0")
    assert record["mac"].count(":") == 5 and "MicroPython" in record["micropython"]
    found = {test["name"]: test["result"] for test in record["tests"]}
    assert found == {
        "servo": UNSEEN, "led": UNSEEN, "button": UNSEEN, "wifi": PASSED, "flash": PASSED,
        "clock": PASSED,
    }  # fmt: skip
    assert record["result"] == UNSEEN
    assert len(said.out.splitlines()) == len(found) and "the record is" in said.err

    swept = [ns for _, _, ns in desk.device.board.pwm.pulses[pulses:] if ns]
    assert min(swept) <= 1_301_000 and max(swept) >= 1_699_000
    desk.wait_for("state=LIVE", start)
    phy = slice(0xF000, 0x10000)
    assert desk.flash.to_bytes()[phy] == before[phy] and desk.device.board.faults == []


def test_a_person_is_asked_and_believed(desk, capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(consent, "answer", lambda question: "y" if "beam" in question else "n")
    pins = desk.device.board.pwm
    finger = threading.Thread(target=lambda: (desk.wait(lambda: 0 in pins.pulled_up),
                                              time.sleep(0.3), pins.grounded.add(0)))  # fmt: skip
    finger.start()
    command = ["selftest", "--port", desk.port.path, "--record", str(tmp_path / "r.json")]
    assert cli.main([*command, "--json"]) == 1
    start = len(desk.text)  # it starts again
    finger.join()
    pins.grounded.clear()
    said = capsys.readouterr()
    record = json.loads(said.out)
    words = {test["name"]: (test["result"], test["words"]) for test in record["tests"]}
    assert words["servo"][0] == PASSED
    assert words["led"] == (FAILED, "GPIO 2 blinked 6 times, and nobody saw it")
    assert words["button"] == (PASSED, "GPIO 0 went low")
    assert record["result"] == FAILED and "Press the button" in said.err
    desk.wait_for("state=LIVE", start)


def test_without_anybody_nothing_is_interrupted(desk, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    boots = len(desk.events)
    assert cli.main(["selftest", "--port", desk.port.path]) == 2
    assert "add --yes" in capsys.readouterr().err and len(desk.events) == boots


def test_what_the_device_refuses_is_that_tests_failure(desk, capsys, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(selftest_parts, "LED", "raise OSError(5)")
    monkeypatch.setattr(selftest_parts, "FLASH", "print('a sector does not erase')")
    monkeypatch.setattr(selftest_parts, "WIFI", "print((0, 0))")
    command = ["selftest", "--port", desk.port.path, "--yes", "--record", str(tmp_path / "r.json")]
    assert cli.main(command) == 1
    said = capsys.readouterr().out
    assert "led     failed         OSError: [Errno 5] EIO" in said
    assert "flash   failed         a sector does not erase" in said
    assert "no network is seen" in said


def test_a_pulled_cable_says_what_to_do(capsys, monkeypatch, tmp_path: Path):
    with cable_rig.world() as world:
        desk = world.desk()
        desk.wait_for("state=LIVE")
        monkeypatch.setattr(selftest_parts, "LED", "time.sleep(30)")
        pulses = len(desk.device.board.pwm.pulses)
        puller = threading.Thread(
            target=lambda: (desk.wait(lambda: len(desk.device.board.pwm.pulses) > pulses + 50),
                            desk.close())
        )  # fmt: skip
        puller.start()
        command = ["selftest", "--port", desk.port.path, "--yes", "--record", str(tmp_path / "r")]
        assert cli.main(command) == 2
        puller.join()
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith(f"seesaw: the cable to {desk.port.path}: the device ")
        assert "plug it in and try again" in error and not (tmp_path / "r").exists()


class Says:
    """A prompt that gives these answers, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def run(self, code: str, silent_s: float | None = None) -> str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_stuck_button_and_a_slow_clock_fail(monkeypatch):
    board = selftest.boards.load("esp32_wrover")
    for said, result, ask in (
        ("(0, 1)", FAILED, None), ("(1, 0)", UNSEEN, None), ("(1, 0)", FAILED, selftest._ask),
        ("(1, 1)", PASSED, selftest._ask),
    ):  # fmt: skip
        found = selftest._button(Says(said), board, ask)  # type: ignore[arg-type]
        assert found[0] == result
    monkeypatch.setattr(selftest, "CLOCK_S", 0.05)
    assert selftest._clock(Says("", "47000"), board, None)[0] == FAILED  # type: ignore[arg-type]


def test_the_worst_is_the_verdict_and_the_table_is_plain():
    results = [Result("servo", PASSED, "", 1), Result("led", UNSEEN, "x", 2)]
    assert selftest.as_record({}, results, 0)["result"] == UNSEEN
    assert selftest.as_record({}, results[:1], 0)["date"] == "1970-01-01T00:00:00Z"
    results.append(Result("wifi", FAILED, "y", 3))
    assert selftest.as_record({}, results, time.time())["result"] == FAILED
    assert selftest.table(results).splitlines()[1] == "led     not looked at  x"
