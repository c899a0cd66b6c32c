"""A device whose provider has TLS and a certificate made to order, on either engine."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import trustme
from rig import ALONE, SETTINGS, new_flash, release

from host_tools.emulator.board import EPOCH_2000, Options, Surroundings
from host_tools.emulator.companion import Companion
from host_tools.emulator.cpython_engine import CPythonDevice
from host_tools.emulator.device import Device
from host_tools.emulator.flash import Flash
from host_tools.emulator.micropython_engine import MicroPythonDevice
from host_tools.emulator.nvs import Nvs
from host_tools.emulator.partitions import PartitionTable
from host_tools.market import ntp as ntps
from host_tools.market import tls
from host_tools.market.clock import SimClock, start_of
from host_tools.market.instruments import find
from host_tools.market.ntp import Ntp
from host_tools.market.server import DEFAULT_DATE, Market
from host_tools.market.tls import TlsSite

MADE = release("0.1.0", ALONE)
HOST = "localhost"
CPYTHON, VM = "cpython", "micropython"
ENGINES = (CPYTHON, VM)
RUN_S = {CPYTHON: 600, VM: 45}  # at most, of virtual and of real time
CA, STRANGER = trustme.CA(), trustme.CA()
NOW = datetime(2026, 12, 1, tzinfo=UTC)  # of the market; after the day this was written
PAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
FUTURE = datetime(2060, 1, 1, tzinfo=UTC), datetime(2070, 1, 1, tzinfo=UTC)
LEAVES = {
    "valid": CA.issue_cert(HOST),
    "expired": CA.issue_cert(HOST, not_before=PAST[0], not_after=PAST[1]),
    "not yet valid": CA.issue_cert(HOST, not_before=FUTURE[0], not_after=FUTURE[1]),
    "of another host": CA.issue_cert("elsewhere.example"),
    "of an unknown root": STRANGER.issue_cert(HOST),
    # Good today alone: a clock that is years off shows at it.
    "of this year": CA.issue_cert(HOST, not_before=PAST[0], not_after=FUTURE[0]),
}


def pem(*authorities: trustme.CA) -> bytes:
    """A set of roots as signed data brings it."""
    return b"".join(b"# test-%d 2999-12-31 a root for tests\n%s" % (i, one.cert_pem.bytes())
                    for i, one in enumerate(authorities))  # fmt: skip


def context(leaf: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    LEAVES[leaf].configure_cert(made)
    return made


def store(flash: Flash) -> Nvs:
    part = PartitionTable.read(flash).first(label="nvs")
    assert part
    return Nvs.start(flash, part.offset, part.size)


@dataclass
class Bench:
    """The device, and what there is around it."""

    device: Device
    market: Market
    server: TlsSite
    ntps: list[Ntp]
    engine: str
    lines: list[str] = field(default_factory=list)

    def run(self, until: Callable[[], bool] | None = None, seconds: float = 0) -> None:
        self.device.run(seconds or RUN_S[self.engine], until=until)

    def said(self, words: str) -> bool:
        return any(words in line for line in self.lines)

    def live(self) -> bool:
        return self.said(" state=LIVE ")

    def hear(self, text: str) -> None:
        self.lines.extend(text.splitlines())

    def year(self) -> int:
        """By the chip's clock."""
        return datetime.fromtimestamp(self.device.board.epoch() + EPOCH_2000, UTC).year


@contextmanager
def bench(
    engine: str,
    leaf: str = "valid",
    times: tuple[tuple[str, int], ...] = (),
    clock_set: bool = True,
    roots: bytes = b"",
    **settings: object,
) -> Iterator[Bench]:
    """A device that follows cnbc over TLS. times: (fault, seconds off) of each NTP server; without
    any, nobody answers. clock_set: does the chip know the time at power-on?"""
    with ExitStack() as stack:
        devices: list[Device] = []  # made last: its clock is the market's on CPython
        elapsed = lambda: devices[0].clock.now_us / 1e6 if devices else 0.0  # noqa: E731
        clock = SimClock(start_of(find("sp500"), DEFAULT_DATE), 1, elapsed)
        market = Market("sp500", clock=None if engine == VM else clock)
        server = TlsSite(market.site, context(leaf))
        clocks = [Ntp(market.clock.now, fault, off) for fault, off in times]
        if engine == VM:
            port = stack.enter_context(tls.serve(server)).port
            ports = [stack.enter_context(ntps.serve(one)).port for one in clocks]
        else:
            port, ports = 443, [123 + i for i in range(len(clocks))]
        wanted = {
            "providers": {"cnbc": f"https://{HOST}:{port}"}, "poll_s": 2, "update_url": "",
            "check_s": 86400,
            "ntp": " ".join(f"{HOST}:{one}" for one in ports) or "silent.example", **settings,
        }  # fmt: skip
        flash = new_flash(MADE, **{**SETTINGS, **wanted})
        store(flash).set_blob("seesaw", "roots", roots or pem(CA))
        around = Surroundings(wall=market.clock.now)
        options = Options(clock_set=clock_set)
        device: Device
        if engine == VM:
            device = MicroPythonDevice(flash, around, options)
        else:
            device = CPythonDevice(flash, Companion(MADE.bundle.companion), around, options)
            device.net.hosts[HOST, port] = server
            for one, at in zip(clocks, ports, strict=True):
                device.net.datagrams[HOST, at] = one
        devices.append(device)
        made = Bench(device, market, server, clocks, engine)
        around.serial = made.hear
        yield made


