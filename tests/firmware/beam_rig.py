"""A beam in virtual time, and what is around it, for tests."""

from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import Any

from seesaw import beam as module
from seesaw import tuning
from seesaw.beam import HOLD_MS, Beam
from seesaw.core.profile import ACCELERATION_MAX, FRAME_MS, SPEED_MAX

from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.micro_asyncio import Loop
from host_tools.emulator.micro_asyncio_module import module as asyncio_on
from host_tools.emulator.net import Net

FRAME_S = FRAME_MS / 1000
RESTED_US = 200_000  # no two frames of a move are so far apart


class Rig:
    """A beam with what is around it: the emulator's loop, and ports that write down what they are
    told. `pulses`: (us, ns), every one; `switched`: (us, on) of the supply."""

    def __init__(self, rtc_ns: int = 0, kept_ns: int = 0, switch: bool = False, start_s: int = 0,
                 offset_s: int = 0, **changes: Any) -> None:  # fmt: skip
        self.clock = VirtualClock()
        self.pulses: list[tuple[int, int]] = []
        self.switched: list[tuple[int, bool]] = []
        self.switch, self.start_s = switch, start_s
        self.pulse_ns, self.kept_ns, self.kept_at_s = rtc_ns, kept_ns, []
        self.settings = tuning.DEFAULTS | changes
        net = Net(self.clock, lambda: True)
        loop = Loop(self.clock, net, self.show, self.clock.spend, lambda: None)
        self.asyncio: ModuleType = asyncio_on(loop)
        module.asyncio = self.asyncio
        self.beam = Beam(self.settings, self, self, self, self, lambda _: offset_s)
        self.task: Any = None

    def show(self, error: BaseException, words: str) -> None:
        raise AssertionError(words) from error

    # -- the ports -----------------------------------------------------------------------------

    def pulse(self, ns: int) -> None:
        self.pulses.append((self.clock.now_us, ns))

    def power(self) -> bool:
        if self.switch:
            self.switched.append((self.clock.now_us, True))
        return self.switch

    def release(self) -> None:
        if self.switch:
            self.switched.append((self.clock.now_us, False))
        self.pulses.append((self.clock.now_us, 0))

    def keep(self, ns: int) -> None:
        self.pulse_ns = ns

    def get(self) -> int:
        return self.kept_ns

    def put(self, ns: int) -> None:
        self.kept_ns = ns
        self.kept_at_s.append(self.up_s())

    def up_s(self) -> int:
        return self.clock.now_us // 1_000_000

    def epoch_s(self) -> int:
        return self.start_s and self.start_s + self.up_s()

    # -- runs ----------------------------------------------------------------------------------

    def run(self, script: Callable[[], Coroutine]) -> None:
        """The script beside the beam's own task, which stands still between two scripts."""

        async def main() -> None:
            self.task = self.task or self.asyncio.create_task(self.beam.move())
            await script()
            assert not self.task.done()

        self.asyncio.run(main())

    def point(self, *orders: tuple[float, float], rest_s: float = 60.0) -> list[int]:
        """Orders are (seconds to wait, degrees); the pulses of it all, without the silence."""

        async def script() -> None:
            for wait_s, degrees in orders:
                await self.asyncio.sleep_ms(int(wait_s * 1000))
                self.beam.point(degrees)
            await self.asyncio.sleep_ms(int(rest_s * 1000))

        self.run(script)
        return [ns for _, ns in self.pulses if ns]

    def check(self) -> None:
        """Range, speed and acceleration of every pulse, at the beam."""
        of = self.settings
        slope = abs(of["us_per_degree"]) * 1000
        noise = 8 / slope / FRAME_S**2  # of whole nanoseconds
        last_us, last_ns, speed, free = 0, 0, 0.0, False
        for at_us, ns in self.pulses:
            if not ns:
                assert at_us - last_us >= HOLD_MS * 1000
                free = True
                continue
            assert of["low_us"] * 1000 <= ns <= of["high_us"] * 1000
            if last_ns:
                assert not free or ns == last_ns  # the first pulse is where it stood
                if at_us - last_us > RESTED_US:
                    speed = 0.0
                now = (ns - last_ns) / slope / FRAME_S
                assert abs(now) <= SPEED_MAX * 1.001
                assert abs(now - speed) / FRAME_S <= ACCELERATION_MAX + noise
                speed = now
            last_us, last_ns, free = at_us, ns, False
