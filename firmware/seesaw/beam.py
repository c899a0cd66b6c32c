"""The beam: from degrees to pulses that never leave the calibrated range, never jump, never hurry.

Nothing here asks the market. Whoever does says `show` or `point`; the task `move` does the rest.
"""

import asyncio

from micropython import const

from seesaw.core.profile import FRAME_MS, Motion, leg_end
from seesaw.core.quiet import quiet
from seesaw.core.tilt import DEADBAND_DEG, held, pulse_ns, tilt

HOLD_MS = 500  # pulses after a move, then the servo is let go
POWER_MS = 100  # from the servo's power to its first step: its own electronics start
_SLOWLY = const(4)  # times as long: a move that says nothing of the market
_QUIET_LOOK_S = const(20)  # between two looks at the clock in quiet hours
MOVE_MOST_S = 15  # of a move and its hold: none begins so shortly before quiet hours
NOTE_S = 3600  # between two notes of the place that outlive a power cut: flash wears


class Beam:
    """settings: of seesaw.tuning too. boot: the launcher's. servo, clock, place: ports. offset_s:
    from seconds since 1970 to the seconds that the owner's clock is then east of UTC.

    `target_ns` is the pulse that is aimed at, `pulse_ns` the last place of rest. `still`: nothing
    moves and the servo has no pulses."""

    def __init__(self, settings, servo, boot, clock, place, offset_s) -> None:
        self.settings = settings
        self.servo = servo
        self.boot = boot
        self.clock = clock
        self.place = place
        self.offset_s = offset_s
        self.center_ns = settings["center_us"] * 1000
        self.low_ns, self.high_ns = settings["low_us"] * 1000, settings["high_us"] * 1000
        self.deadband_ns = int(DEADBAND_DEG * 1000 * abs(settings["us_per_degree"]))
        self.motion = Motion(settings["us_per_degree"])
        # Known over resets of the chip; over a power cut the note tells where it was of late.
        known = boot.pulse_ns or place.get() or self.center_ns
        self.target_ns = self.pulse_ns = min(max(known, self.low_ns), self.high_ns)
        self._arrived = known == self.pulse_ns == boot.pulse_ns
        self._slower = 1
        self.noted_s = 0  # when the place was, in this session
        self._attached = self._parked = False
        self.still = True
        self.wanted = asyncio.Event()

    def degrees(self) -> float:
        """What is aimed at, up positive."""
        aside = self.target_ns - self.center_ns
        return aside / 1000 / self.settings["us_per_degree"] + 0.0  # no -0.0

    def level(self) -> bool:
        return self.target_ns == self.center_ns

    def show(self, price: float, baseline: float, sigma: float) -> None:
        """Aim where the day's move belongs; sigma is in percent."""
        self.point(tilt(price, baseline, sigma, self.settings["sensitivity"]))

    def point(self, degrees: float, slowly: bool = False) -> None:
        """Aim there, unless it is within the deadband of what is aimed at. ValueError for NaN."""
        of = self.settings
        wanted = pulse_ns(
            degrees, of["center_us"], of["us_per_degree"], of["low_us"], of["high_us"]
        )
        self.aim(held(wanted, self.target_ns, self.center_ns, self.deadband_ns), slowly)

    def aim(self, target_ns: int, slowly: bool = False) -> None:
        """Aim at a pulse, without a deadband: for a calibration. The range holds here too."""
        self._slower = _SLOWLY if slowly else 1
        target_ns = min(max(target_ns, self.low_ns), self.high_ns)
        if target_ns != self.target_ns or not self._arrived:
            self.target_ns = target_ns
            self.wanted.set()

    def stay(self) -> None:
        """The program ends in mid-move: the next one begins where this one stops."""
        if not self.motion.done:
            self.boot.keep(self.motion.pulse_ns)

    def is_quiet(self) -> bool:
        """In quiet hours, or too shortly before them. Never while no clock is set."""
        of, now_s = self.settings, self.clock.epoch_s()
        if of["quiet_from"] == of["quiet_to"] or not now_s:
            return False
        now_s += self.offset_s(now_s)
        hours = of["quiet_from"], of["quiet_to"]
        return quiet(now_s, *hours) or quiet(now_s + MOVE_MOST_S, *hours)

    async def park(self) -> None:
        """End a move that is under way, let the servo go, and begin none until `resume`."""
        self._parked = True
        while not self.still:
            await asyncio.sleep_ms(FRAME_MS)

    def resume(self) -> None:
        self._parked = False

    async def move(self) -> None:
        """The task: bring the beam to its target, then let the servo rest. Never ends."""
        while True:
            await self.wanted.wait()
            while self._parked or self.is_quiet():
                self._release()
                await asyncio.sleep(1 if self._parked else _QUIET_LOOK_S)
            await self.go()
            if not self.wanted.is_set():
                self._release()

    async def go(self) -> None:
        """All legs to the target as it is then, and the hold. A new target cuts the hold short."""
        self.wanted.clear()
        await self._attach()
        while self.pulse_ns != self.target_ns or not self._arrived:
            if self.is_quiet():
                self.wanted.set()  # the rest of the way comes after them
                return
            await self._leg()
        self._note()
        held_ms = 0
        while held_ms < HOLD_MS and not self.wanted.is_set():
            await asyncio.sleep_ms(FRAME_MS)
            held_ms += FRAME_MS

    async def _attach(self) -> None:
        """The first pulse is where the beam stands; then power, if it is switched."""
        self.still = False
        if not self._attached:
            self._attached = True
            self.servo.pulse(self.pulse_ns)
            await asyncio.sleep_ms(FRAME_MS)
            if self.servo.power():
                await asyncio.sleep_ms(POWER_MS)

    async def _leg(self) -> None:
        target = self.target_ns
        side = self.settings["approach_us"] * 1000
        end = leg_end(self.pulse_ns, target, side, self.low_ns, self.high_ns)
        self.motion.start(self.pulse_ns, end, self._slower)
        while not self.motion.done:
            self.servo.pulse(self.motion.step())
            await asyncio.sleep_ms(FRAME_MS)
        self.pulse_ns = end
        self._arrived = end == target
        self.boot.keep(end)

    def _note(self) -> None:
        now_s = self.clock.up_s()
        if now_s - self.noted_s >= NOTE_S:
            self.noted_s = now_s
            self.place.put(self.pulse_ns)

    def _release(self) -> None:
        if self._attached:
            self._attached = False
            self.servo.release()
        self.still = True
