"""What the firmware's own Beam commands for a row of quotes, in virtual time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.micro_asyncio import Loop
from host_tools.emulator.micro_asyncio_module import module as asyncio_on
from host_tools.emulator.net import Net
from host_tools.motion.servo import Array, Servo

FRAME_S = 0.020


@dataclass(frozen=True, slots=True)
class Course:
    """By milliseconds, angles in degrees of the beam. commanded: NaN while there are no pulses.
    quotes: (seconds, percent, degrees that it asks for). frames: (seconds, commanded)."""

    commanded: Array
    beam: Array
    quotes: tuple[tuple[float, float, float], ...]
    frames: tuple[tuple[float, float], ...]
    settings: dict[str, Any]

    def rates(self) -> tuple[Array, Array, Array]:
        """(seconds, degrees a second, degrees a second squared) of the command, by frames."""
        at = np.array([t for t, _ in self.frames])
        degrees = np.array([d for _, d in self.frames])
        gaps = np.diff(at, prepend=at[:1] - 1.0)
        steps = np.diff(degrees, prepend=degrees[:1])
        speed = np.where(gaps > 10 * FRAME_S, 0.0, steps / FRAME_S)
        return at, speed, np.diff(speed, prepend=0.0) / FRAME_S


class _Ports:
    """Everything that a Beam is handed: it writes pulses down, and remembers nothing."""

    def __init__(self, clock: VirtualClock, start_ns: int) -> None:
        self.clock, self.pulse_ns = clock, start_ns
        self.pulses: list[tuple[int, int]] = []  # (us, ns)

    def pulse(self, ns: int) -> None:
        self.pulses.append((self.clock.now_us, ns))

    def power(self) -> bool:
        return False

    def release(self) -> None:
        self.pulses.append((self.clock.now_us, 0))

    def keep(self, ns: int) -> None:
        self.pulse_ns = ns

    def get(self) -> int:
        return 0

    def put(self, ns: int) -> None:
        pass

    def up_s(self) -> int:
        return 0

    def epoch_s(self) -> int:
        return 0


def follow(
    percents: Sequence[float], sigma: float, settings: dict[str, Any], every_s: float, servo: Servo
) -> Course:
    """Quotes of so many percent, one every `every_s` seconds, from a beam that stands level."""
    from seesaw import beam as firmware
    from seesaw.core.tilt import tilt

    clock = VirtualClock()
    net = Net(clock, lambda: True)
    loop = Loop(clock, net, _raise, clock.spend, lambda: None)
    virtual = asyncio_on(loop)
    ports = _Ports(clock, settings["center_us"] * 1000)
    quotes: list[tuple[float, float, float]] = []

    async def quote() -> None:
        virtual.create_task(made.move())
        for percent in percents:
            await virtual.sleep_ms(int(every_s * 500))
            wanted = tilt(100 + percent, 100, sigma, settings["sensitivity"])
            quotes.append((clock.now_us / 1e6, percent, wanted))
            made.show(100 + percent, 100, sigma)
            await virtual.sleep_ms(int(every_s * 500))

    theirs, firmware.asyncio = firmware.asyncio, virtual
    try:
        made = firmware.Beam(settings, ports, ports, ports, ports, lambda epoch_s: 0)
        virtual.run(quote())
    finally:
        firmware.asyncio = theirs
    return _course(ports.pulses, clock.now_us, tuple(quotes), settings, servo)


def _course(
    pulses: list[tuple[int, int]],
    end_us: int,
    quotes: tuple[tuple[float, float, float], ...],
    settings: dict[str, Any],
    servo: Servo,
) -> Course:
    center, slope = settings["center_us"], settings["us_per_degree"]
    by_ms = np.full(end_us // 1000 + 1, np.nan)
    for at_us, ns in pulses:
        by_ms[at_us // 1000 :] = ns / 1000 if ns else np.nan
    # Before the first pulse nothing turns, but the beam stands where that pulse finds it.
    beam = (servo.beam(by_ms) - center) / slope
    frames: list[tuple[float, float]] = []
    for at_us, ns in pulses:
        if ns:
            frames.append((at_us / 1e6, (ns / 1000 - center) / slope))
        elif frames:  # the hold before: the same pulse went on
            at_s, degrees = frames[-1]
            frames += [(at_s + FRAME_S, degrees), (at_s + 2 * FRAME_S, degrees)]
    return Course((by_ms - center) / slope, beam, quotes, tuple(frames), settings)


def _raise(error: BaseException, words: str) -> None:
    raise error
