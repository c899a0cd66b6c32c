"""A phone on the device's own network or on that of its owner, and the device; on virtual time.

A script is a generator: it yields to let time pass, and each `yield from` is one thing that a phone
or its owner does.
"""

import re
import urllib.parse
from collections.abc import Callable, Generator, Iterator
from typing import Any

from rig import World, new_flash, release

from host_tools.emulator.access_point import Call
from host_tools.emulator.nvs import Nvs
from host_tools.market.site import Site, static

OLD = release("0.1.0")
MAC = "02000000aa01"
HOME = "192.168.4.1"
PROBED = ("detectportal.firefox.com", 80)
REPLY_S = 15
Script = Generator[None, None, Any]


class Owner:
    """A world with an owner in it who has a phone. air: what networks there are."""

    def __init__(self, air: dict[str, Any], *, internet: bytes | None = b"success\n",
                 **settings: Any) -> None:  # fmt: skip
        self.world = World(new_flash(OLD, **settings), [OLD])
        self.world.device.around.air.clear()
        self.world.device.around.air.update(air)
        self.device = self.world.device
        self.radio = self.device.board.radio
        self.access = self.device.net.access
        self.calls: list[Call] = []
        if internet is not None:
            page = static(lambda path: internet)
            self.device.net.hosts[PROBED] = Site(page, lambda: 0)

    @property
    def now_s(self) -> float:
        return self.device.clock.now_us / 1e6

    def run(self, script: Script, seconds: float = 900) -> None:
        """Until the script ends, which it must."""
        ended = False

        def look() -> bool:
            nonlocal ended
            if not ended and next(script, "ended") == "ended":
                ended = True
            return ended

        outcome = self.world.run(seconds, until=look)
        assert ended, (outcome, self.world.lines[-8:])
        assert not self.world.said("Traceback"), self.world.lines
        assert not self.device.board.faults

    # -- what he does --------------------------------------------------------------------------

    def wait(self, seconds: float) -> Script:
        end_s = self.now_s + seconds
        return self.until(lambda: self.now_s >= end_s)

    def until(self, what: Callable[[], Any]) -> Script:
        while not what():
            yield

    def hears(self, words: str) -> Script:
        return self.until(lambda: self.world.said(words))

    def join(self) -> Script:
        """With the password of the label, which is that of the serial line."""
        yield from self.hears("event=setup")
        line = [line for line in self.world.lines if "event=setup" in line][-1]
        found = re.search(r"join (\S+), password (\S+), open http://(\S+)", line)
        assert found and found[3] == HOME
        yield from self.until(lambda: self.radio.on[1])
        assert self.radio.associate(MAC, found[1], found[2])

    def send(self, raw: bytes) -> Generator[None, None, bytes]:
        """Bytes to port 80; the answer."""
        call = self.access.dial(80)
        self.calls.append(call)
        call.say(raw)
        yield from self.until(lambda: call.ended)
        return call.heard

    def get(self, path: str = "/", host: str = HOME) -> Generator[None, None, str]:
        raw = yield from self.send(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        head, _, body = raw.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK"), raw
        return body.decode()

    def post(self, path: str, **fields: str | bytes) -> Generator[None, None, str]:
        body = urllib.parse.urlencode(fields)
        raw = yield from self.send(
            f"POST {path} HTTP/1.1\r\nHost: {HOME}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            .encode()
        )  # fmt: skip
        assert raw.startswith(b"HTTP/1.1 200 OK"), raw
        return raw.partition(b"\r\n\r\n")[2].decode()

    def result(self, seconds: float = 60) -> Generator[None, None, str]:
        """What the page says when it no longer says that it tries."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            yield from self.wait(4)
            page = yield from self.get()
            if "Trying" not in page:
                return status(page)
        raise AssertionError("no result")

    def press(self, seconds: float, pin: int = 0) -> Script:
        self.device.board.pwm.grounded.add(pin)
        yield from self.wait(seconds)
        self.device.board.pwm.grounded.discard(pin)

    # -- what is kept --------------------------------------------------------------------------

    def config(self, key: str = "config") -> dict[str, Any]:
        return image_settings_of(self.world.flash, key)


def image_settings_of(flash: Any, key: str) -> dict[str, Any]:
    import json

    from rig import BOARD

    where = BOARD.partition("nvs")
    nvs = Nvs(flash.copy(), where.offset, where.size)
    blobs: dict[str, Any] = {name: value for ns, name, _, value in nvs.items() if ns == "seesaw"}
    return json.loads(blobs[key])


def status(page: str) -> str:
    found = re.search(r'role="status">(.*?)</p>', page)
    return found[1] if found else ""


def names(page: str) -> Iterator[str]:
    """Of the networks in the list, in their order."""
    return (found[1] for found in re.finditer(r"[\"d]>([^<>]*) <small>\w", page))


