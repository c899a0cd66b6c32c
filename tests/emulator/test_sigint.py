"""Ctrl-C on the terminal of this process, while firmware runs in it: nothing there swallows it."""

import signal
import subprocess
import sys
import threading
import time

import pytest
import rig
import tiny
from littlefs.context import UserContext

from host_tools.emulator import ctrl_c
from host_tools.image import filesystem

CATCHES_ALL = """
import time
def drowsy():
    try:
        while True:
            yield time.sleep(1)
    finally:
        time.sleep(1)
while True:
    try:
        for _ in drowsy():
            pass
    except KeyboardInterrupt:
        print("caught")
    except BaseException as error:
        print("held", type(error))
"""
BUSY = "while True:\n    try:\n        pass\n    except BaseException:\n        pass\n"


def interrupted_at(device, seconds: float) -> None:
    """SIGINT once the device has run so long, from wherever time passes then."""
    at_us = device.clock.now_us + int(seconds * 1_000_000)
    device.clock.set_alarm("sigint", at_us, lambda: signal.raise_signal(signal.SIGINT))


def is_as_before() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


# Power-on, launcher, Wi-Fi, the first poll, steady life, around looks for releases.
MOMENTS = (0, 0.1, 0.3, 0.31, 0.5, 1, 2, 2.5, 3.7, 5, 10, 60, 299.99, 300, 600.5)


def test_the_shipped_firmware_lets_it_through_at_every_moment():
    for moment in MOMENTS:
        made = rig.release("1.0.0")
        world = rig.World(rig.new_flash(made), [made], made)
        interrupted_at(world.device, moment)
        with pytest.raises(KeyboardInterrupt) as caught:
            world.run(1200)
        assert type(caught.value) is KeyboardInterrupt, moment
        assert world.device.clock.now_us < (moment + 1) * 1_000_000
        assert not world.device.board.alive and is_as_before()
        assert not any("Traceback" in line for line in world.lines), moment


@pytest.mark.parametrize("main", [CATCHES_ALL, BUSY])
def test_no_firmware_swallows_it(main: str):
    bench = tiny.on_cpython(main)
    interrupted_at(bench.device, 20.5)
    with pytest.raises(KeyboardInterrupt):
        bench.run(1000)

    assert bench.device.clock.now_us < 23_000_000
    assert "caught" not in bench.text and is_as_before()


@pytest.mark.parametrize("where", ["serial", "events"])
def test_what_listens_to_the_board_may_be_where_it_strikes(where: str):
    bench = tiny.on_cpython("while True:\n try:\n  print('x')\n except BaseException:\n  pass\n")
    setattr(bench.device.around, where, lambda text: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        bench.run(1000)
    assert bench.device.clock.now_us < 1_000_000


def test_a_device_within_another_ones_run_ends_both():
    outer, inner = tiny.on_cpython(CATCHES_ALL), tiny.on_cpython(CATCHES_ALL)
    interrupted_at(inner.device, 5)

    def nested() -> bool:
        inner.run(1000)
        return False

    with pytest.raises(KeyboardInterrupt):
        outer.run(1000, until=nested)
    assert inner.device.clock.now_us < 8_000_000 and outer.device.clock.now_us < 2_000_000
    assert is_as_before()


def test_ctrl_c_on_the_serial_line_stays_the_firmwares():
    bench = tiny.on_cpython(
        "import time\ntry:\n time.sleep(60)\nexcept Exception:\n print('wrong')\n"
        "except KeyboardInterrupt as e:\n print('caught', type(e).__name__)\n"
        "try:\n raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n print('own')\n"
    )
    bench.device.press_ctrl_c(1)
    bench.run(100)
    assert bench.lines == ["caught KeyboardInterrupt", "own"]


def test_the_real_vm_stops_too():
    bench = tiny.on_micropython("import time\ntime.sleep(60)\n")
    interrupted_at(bench.device, 1)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        bench.run(50)
    assert time.monotonic() - began < 40 and is_as_before()


# -- the flag itself ---------------------------------------------------------------------------


def test_a_flag_that_nobody_looked_at_is_raised_at_the_end():
    with pytest.raises(KeyboardInterrupt), ctrl_c.heeded(lambda: None) as came:
        signal.raise_signal(signal.SIGINT)
        assert came()
    assert is_as_before()


def test_who_presses_twice_does_not_wait():
    seen = []
    with pytest.raises(KeyboardInterrupt), ctrl_c.heeded(lambda: None):
        signal.raise_signal(signal.SIGINT)
        seen.append("once")
        signal.raise_signal(signal.SIGINT)
        seen.append("twice")
    assert seen == ["once"]


class Swallows:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_del_swallowed_is_raised_again():
    with pytest.raises(KeyboardInterrupt), ctrl_c.heeded():
        kept = Swallows()
        del kept


def test_whoever_has_sigint_already_keeps_it():
    got = []
    before = signal.signal(signal.SIGINT, lambda *_: got.append(1))
    try:
        bench = tiny.on_cpython("import time\ntime.sleep(5)\nprint('done')\n")
        interrupted_at(bench.device, 1)
        bench.run(10)
    finally:
        signal.signal(signal.SIGINT, before)
    assert got == [1] and "done" in bench.text


def test_another_thread_leaves_signals_alone():
    found = []

    def live() -> None:
        found.append(tiny.on_cpython("print('done')\n").run(10).reason)

    thread = threading.Thread(target=live)
    thread.start()
    thread.join()
    assert found == ["idle"] and is_as_before()


def test_an_image_is_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch):
    """littlefs' C code would go on without what a callback was to do."""
    program = UserContext.prog

    def struck(self, cfg, block, off, data):
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)
        return program(self, cfg, block, off, data)

    monkeypatch.setattr(UserContext, "prog", struck)
    with pytest.raises(KeyboardInterrupt):
        filesystem.build({"main.py": b"pass"}, 4096, 8)


# -- commands ----------------------------------------------------------------------------------


PRESSED = """
import os, signal, sys, threading
from host_tools import cli
seconds, *command = sys.argv[1:]
threading.Timer(float(seconds), os.killpg, (0, signal.SIGINT)).start()
sys.exit(cli.main(command))
"""
PROVE = ["prove", "--scenario", "update", "--jobs", "2"]
OUTAGE = ["market", "outage"]
ZOO = ["zoo"]


@pytest.mark.parametrize(
    ("command", "seconds"),
    [(PROVE, 0.5), (PROVE, 1.5), (PROVE, 3), (OUTAGE, 1), (OUTAGE, 2), (ZOO, 2)],
)
def test_a_command_that_judges_ends_without_a_verdict(command: list[str], seconds: float):
    """Its workers get the signal too, as from a terminal."""
    ended = subprocess.run(
        [sys.executable, "-c", PRESSED, str(seconds), *command], text=True, timeout=60,
        capture_output=True, start_new_session=True,
    )  # fmt: skip
    assert ended.returncode == 130, ended.stderr
    assert ended.stdout == "" and "Traceback" not in ended.stderr
