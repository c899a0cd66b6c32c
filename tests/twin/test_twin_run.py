"""`seesaw run` and `seesaw market`: one whole run, and the errors that people see."""

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from host_tools import cli
from host_tools.market.clock import SimClock
from host_tools.stopping import stopping
from host_tools.twin import given, scene

SECONDS = 40


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of an error, after code 2."""
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    return captured.err


def test_a_headless_run_follows_the_market_and_updates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.main(["run", "--headless", "--for", str(SECONDS), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    *reports, summary = lines
    assert summary["type"] == "summary" and {line["type"] for line in reports} == {"quote", "event"}
    assert [check for check in summary["checks"] if not check["ok"]] == []
    assert (code, summary["ok"], summary["slot"], len(summary["checks"])) == (0, True, "ota_1", 7)
    events = [line["event"] for line in reports if line["type"] == "event"]
    wanted = ["published", "offer", "installed", "reset", "boot", "trial", "confirmed"]
    assert [event for event in events[1:] if event in wanted] == wanted
    quotes = [line for line in reports if line["type"] == "quote"]
    assert all(quote["state"] == "LIVE" and quote["angle"] < 0 for quote in quotes)
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert (tmp_path / "build" / "flash.bin").stat().st_size == 4 << 20
    assert (tmp_path / "build" / "flash.companion.json").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--instrument", "sp5000"], "sp500, dow"),
        (["--board", "esp8266"], "esp32_wrover"),
        (["--headless", "--market", "live"], "simulated market"),
        (["--for", "0"], "above 0"),
        (["--for", "nan"], "above 0"),
        (["--offer", "soon"], "--offer"),
        (["--seed", "-1"], "--seed"),
        (["--clock", "slow"], "--clock"),
        (["--config", "missing.json"], "missing.json"),
        (["--runtime", "missing.bin"], "missing.bin"),
    ],
)
def test_what_the_user_can_put_right_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(capsys, "run", *arguments)


@pytest.mark.parametrize("text", ["garbage", "[]", '{"instrument": "gold"}', '{"nonsense": 1}'])
def test_a_bad_config_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.json").write_text(text)
    assert "my.json" in refused(capsys, "run", "--config", "my.json")


def test_a_build_folder_that_cannot_be_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "build").write_text("a file")
    assert "build" in refused(capsys, "run")


@pytest.mark.parametrize("vm", ["/nonexistent/micropython", "/bin/false"])
def test_without_a_vm_there_is_one_line(
    vm: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEESAW_MICROPYTHON", vm)
    assert "SEESAW_MICROPYTHON" in refused(capsys, "run")


def test_config_goes_over_the_defaults(tmp_path: Path) -> None:
    config = tmp_path / "my.json"
    config.write_text('{"ssid": "office", "instrument": "dax", "us_per_degree": -30}')
    with scene.Scene(scene.Wanted(config=config, build=tmp_path), lambda report: None) as built:
        assert built.instrument.name == built.settings["instrument"] == "dax"
        assert built.settings["us_per_degree"] == -30
        assert built.settings["poll_s"] == scene.POLL_S
        assert built.device.around.air == {"office": "password"}
    wanted = scene.Wanted(config=config, instrument="btc", build=tmp_path)
    with scene.Scene(wanted, lambda report: None) as built:
        assert built.settings["instrument"] == "btc"


def test_the_truth_covers_the_last_seconds_alone(tmp_path: Path) -> None:
    with scene.Scene(scene.Wanted(build=tmp_path), lambda report: None) as built:
        assert built.market
        passed = [0.0]
        clock = SimClock(built.market.clock.start, 60.0, lambda: passed[0])
        built.market.clock = clock
        assert len(built.truth(10.0)) == 1  # nothing before power-on
        passed[0] = 100.0
        found = built.truth(10.0)
        quote = built.market.quote()
    assert len(found) == 11
    assert found[-1] == pytest.approx((quote.price, quote.previous_close))


def test_the_real_providers_need_no_simulation(tmp_path: Path) -> None:
    wanted = scene.Wanted(market="live", build=tmp_path)
    with scene.Scene(wanted, lambda report: None) as built:
        assert built.settings["providers"] == {}
        assert built.settings["poll_s"] == scene.LIVE_POLL_S
        assert built.truth(10.0) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_become_a_flag(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stopping() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    "version, after", [("0.1.0", "0.1.1"), ("1.9", "1.10"), ("2.0.9-rc1+7", "2.0.10")]
)
def test_the_next_version_is_higher(version: str, after: str) -> None:
    assert given.next_version(version) == after


def test_market_refuses_a_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port}" in refused(capsys, "market", "--port", port)


@pytest.mark.parametrize("arguments", [["--instrument", "gold"], ["--port", "65536"]])
def test_market_refuses_nonsense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "market", *arguments).startswith("seesaw: ")
