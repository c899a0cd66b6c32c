"""The same script as main.py on both engines: the serial, the resets and the end must agree.

The real VM is right, except where the chip is known to differ from the Unix port; then the
emulator's modules bend the VM to the chip, and both are compared after that.
"""

import re
import socket
import threading
from pathlib import Path

import pytest
import tiny
from tiny import Bench

from host_tools.emulator.nvs import Nvs
from host_tools.market.site import serve

SCRIPTS = Path(__file__).parent / "scripts"
RUN_S = 60  # of real time, at most; a good script ends by itself
ADDRESS = re.compile(r" at 0?x?[0-9a-f]{6,}>")
FRAME = re.compile(r'  File "(?!main\.py|seesaw/)')
NVS = tiny.BOARD.partition("nvs")


def heard(bench: Bench) -> list[str]:
    """The serial, without addresses and without the frames of the port's own code."""
    return [ADDRESS.sub(">", line) for line in bench.lines if not FRAME.match(line)]


def script(name: str) -> str:
    return (SCRIPTS / f"{name}.py").read_text() + "\nprint('END')\n"


def agree(name: str, *benches: Bench, last: str = "END") -> None:
    """Run and compare."""
    ends = [bench.run(RUN_S).reason for bench in benches]
    first, second = (heard(bench) for bench in benches)

    assert first == second
    assert first[-1] == last
    assert benches[0].events == benches[1].events
    assert ends == ["idle", "idle"]


@pytest.mark.parametrize(
    "name",
    ["asyncio_sync", "asyncio_tasks", "files", "pins", "resets", "storage", "values"],
)
def test_the_engines_agree(name: str) -> None:
    main = script(name)

    agree(name, tiny.on_cpython(main), tiny.on_micropython(main))


def test_an_error_that_leaves_main_ends_at_the_prompt_on_both() -> None:
    main = script("unhandled")

    agree("unhandled", tiny.on_cpython(main), tiny.on_micropython(main), last="CancelledError: ")


class Talker:
    """Does what the first line of a client says."""

    def connect(self) -> "Talker":
        return Talker()

    def __init__(self) -> None:
        self.buffer = b""

    def received(self, data: bytes) -> list[tuple]:
        self.buffer += data
        return {
            b"lines\n": [("data", b"one\ntw"), ("wait", 0.01), ("data", b"o\n\nend"), ("close",)],
            b"reset\n": [("data", b""), ("reset",)],
            b"hang\n": [],
        }.get(self.buffer, [])


def test_the_engines_agree_on_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host_tools.emulator.radio.JOIN_US", 10_000)
    with serve(Talker()) as server:
        benches = []
        for make in (tiny.on_cpython, tiny.on_micropython):
            chip = tiny.flash(script("streams"))
            nvs = Nvs.start(chip, NVS.offset, NVS.size)
            nvs.set_blob("server", "host", b"127.0.0.1")
            nvs.set_i32("server", "port", server.port)
            benches.append(make(chip))
        net = benches[0].device.net
        net.hosts["127.0.0.1", server.port] = Talker()

        agree("streams", *benches)


def test_the_engines_agree_on_datagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    """One server answers at once, with the question turned round."""
    monkeypatch.setattr("host_tools.emulator.radio.JOIN_US", 10_000)

    def turned(data: bytes) -> list[tuple]:
        return [("data", data[::-1])]

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]

        def answer() -> None:
            for _ in range(2):
                data, source = server.recvfrom(64)
                server.sendto(data[::-1], source)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        benches = []
        for make in (tiny.on_cpython, tiny.on_micropython):
            main = f"HOST, PORT = '127.0.0.1', {port}\n" + script("datagrams")
            benches.append(make(main))
        benches[0].device.net.datagrams["127.0.0.1", port] = turned

        agree("datagrams", *benches)
        thread.join(5)
