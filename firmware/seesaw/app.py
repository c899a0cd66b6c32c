"""Program: follows the market with the beam, and hands over to the updater now and then."""

import asyncio

from seesaw import judge
from seesaw.core.backoff import delay_s
from seesaw.core.profile import FRAME_MS, Motion
from seesaw.core.tilt import pulse_ns, tilt
from seesaw.feed import Feed
from seesaw.update import reasons
from seesaw.update.record import LOOKED, UNPROVEN, trial_of

WATCH_S = 5  # between two looks of the supervisor
RETRY_MOST_S = 900  # between two polls of a provider that fails
FIRST_CHECK_S = 180  # to the first look after a cold boot: some devices are on for an evening
HEALTHY_S = 240  # without a fault; longer than to the first look, which a crash must not prevent
PULSE_MIN_NS, PULSE_MAX_NS = 1000000, 2000000
HOLD_MS = 500  # pulses after a move, then the servo is let go
STUCK_S = 120  # longest silence of a task, beyond what it waits on purpose


class App:
    """boot: the launcher's. The rest are ports and the update record, handed in by main.py."""

    def __init__(self, boot, settings, record, chip, servo, radio, clock, random, usage,
                 secure, keeper):  # fmt: skip
        self.boot = boot
        self.settings = settings
        self.record = record
        self.chip = chip
        self.servo = servo
        self.radio = radio
        self.clock = clock
        self.random = random
        self.root = "development" if chip.development() else "maker"
        self.usage = usage
        self.keeper = keeper
        instrument, bases = settings["instrument"], settings["providers"]
        self.feed = Feed(instrument, bases, secure.opener(), usage.feed)
        self.motion = Motion(settings["us_per_degree"])
        center_ns = settings["center_us"] * 1000
        known = PULSE_MIN_NS <= boot.pulse_ns <= PULSE_MAX_NS
        self.target_ns = self.pulse_ns = boot.pulse_ns if known else center_ns
        self.wanted = asyncio.Event()
        self.angle = (self.pulse_ns - center_ns) / 1000 / settings["us_per_degree"]
        self.level = self.pulse_ns == center_ns
        self.next_beat_s = 0  # by when the follower must have come round

    async def run(self) -> None:
        """Ends only by an exception or a hand-over."""
        if self.boot.trial and trial_of(self.boot, self.record):
            self.record.reached(reasons.APP)
        await asyncio.gather(self.follow(), self.move(), self.watch())

    # -- the market --------------------------------------------------------------------------

    async def follow(self) -> None:
        """Poll the provider; each accepted quote sets the beam's target."""
        failures = 0
        while True:
            self.beat(self.settings["poll_s"])
            if await self.joined():
                good = await self.poll()
                if good:
                    self.aim()
                failures = 0 if good else failures + 1
            self.say()
            wait_s = self.settings["poll_s"]
            if failures:
                back_s = delay_s(failures, self.random, wait_s, RETRY_MOST_S, self.feed.retry_s)
                wait_s = max(wait_s, back_s)
            self.beat(wait_s)
            await asyncio.sleep(wait_s)

    async def poll(self) -> bool:
        """Once; again when what failed was the clock."""
        feed, keeper = self.feed, self.keeper
        changed = await keeper.keep(feed.url)
        good = await feed.poll(self.clock.epoch_s())
        if not good and await keeper.doubt(feed.url, feed.why):
            changed = True
            good = await feed.poll(self.clock.epoch_s())
        if changed:
            print("seesaw event=clock slot=%s version=%s words=%s"
                  % (self.boot.slot.info()[4], self.boot.version, keeper.said))  # fmt: skip
        return good

    def beat(self, wait_s: int) -> None:
        self.next_beat_s = self.clock.up_s() + wait_s + STUCK_S

    async def joined(self) -> bool:
        if self.radio.joined():
            return True
        try:
            self.radio.start(self.settings["ssid"], self.settings["password"])
        except OSError:
            pass  # already joining
        for _ in range(40):
            if self.radio.joined():
                return True
            await asyncio.sleep(0.25)
        self.feed.state = "NO_WIFI"
        self.feed.why = self.radio.trouble()
        return False

    def aim(self) -> None:
        quote = self.feed.last
        self.angle, self.level = tilt(quote.price, quote.baseline, self.feed.sigma)
        settings = self.settings
        target = pulse_ns(self.angle, settings["center_us"], settings["us_per_degree"])
        if target != self.target_ns:
            self.target_ns = target
            self.wanted.set()

    def say(self) -> None:
        """One line of the serial console: everything a person or a program wants to know."""
        quote = self.feed.last
        price = "%.2f" % quote.price if quote else "-"
        change = "%+.2f%%" % ((quote.price / quote.baseline - 1) * 100) if quote else "-"
        print(
            "seesaw state=%s instrument=%s price=%s change=%s angle=%+.2f level=%s pulse=%d "
            "data=%s slot=%s version=%s root=%s why=%s"
            % (self.feed.state, self.feed.instrument, price, change, self.angle,
               "yes" if self.level else "no", self.target_ns // 1000, self.usage.name,
               self.boot.slot.info()[4], self.boot.version, self.root, self.feed.why)
        )  # fmt: skip

    # -- the beam ----------------------------------------------------------------------------

    async def move(self) -> None:
        """Bring the beam to its target, smoothly, then let the servo rest."""
        while True:
            await self.wanted.wait()
            self.wanted.clear()
            if self.target_ns != self.pulse_ns:
                await self.go(self.target_ns)
            if not self.wanted.is_set():
                self.servo.release()

    async def go(self, target_ns: int) -> None:
        self.motion.start(self.pulse_ns, target_ns)
        while not self.motion.done:
            self.servo.pulse(self.motion.step())
            await asyncio.sleep_ms(FRAME_MS)
        self.pulse_ns = target_ns
        self.boot.keep(target_ns)
        await asyncio.sleep_ms(HOLD_MS)

    # -- the supervisor ----------------------------------------------------------------------

    async def watch(self) -> None:
        """Feed the watchdog while all is well; confirm a trial; call the updater."""
        check_s = self.settings["check_s"]
        if self.boot.stage != LOOKED:
            check_s = min(check_s, FIRST_CHECK_S)
        healthy = False
        while True:
            if self.clock.up_s() > self.next_beat_s:
                raise RuntimeError("the follower is stuck")
            self.boot.wdt.feed()
            if self.boot.trial:
                self.judge()
            elif self.motion.done and (
                self.clock.up_s() >= check_s or self.usage.due(self.feed, self.clock.up_s())
            ):
                self.update()
            if not healthy and self.clock.up_s() >= HEALTHY_S and not self.boot.trial:
                self.boot.healthy()
                healthy = True
            await asyncio.sleep(WATCH_S)

    def judge(self) -> None:
        """In a trial: confirm, wait, or give up."""
        mine = trial_of(self.boot, self.record)
        verdict = judge.verdict(
            mine, self.clock.up_s(), self.feed.accepted, self.chip.memory_free()
        )
        if verdict == "wait":
            return
        if verdict != "confirm":
            self.boot.reset(verdict)
        running = self.boot.subtype - 16
        if not judge.confirm(running, self.chip.otadata, self.chip.mark_valid):
            self.boot.reset(UNPROVEN + ": the boot record would not confirm")
        if mine:
            self.record.confirmed()
        self.boot.confirmed()
        print("seesaw event=confirmed slot=%s version=%s words="
              % (self.boot.slot.info()[4], self.boot.version))  # fmt: skip

    def update(self) -> None:
        """To the updater, telling it whether the feed was good: the baseline of a trial."""
        good = self.feed.state in ("LIVE", "CLOSED")
        self.boot.scratch = bytes((1 if good else 0,)) + self.boot.scratch[1:]
        self.usage.tell(self.feed, self.clock.up_s())
        self.boot.hand_over("updater")
