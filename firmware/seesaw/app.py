"""Program: follows the market with the beam, and hands over to the updater now and then."""

import asyncio

from seesaw import judge
from seesaw.core.market_state import FOLLOW, GOOD, LEVEL
from seesaw.feed import Feed
from seesaw.sources import shipped
from seesaw.update import reasons
from seesaw.update.record import LOOKED, UNPROVEN, trial_of

WATCH_S = 5  # between two looks of the supervisor
FIRST_CHECK_S = 180  # to the first look after a cold boot: some devices are on for an evening
HEALTHY_S = 240  # without a fault; longer than to the first look, which a crash must not prevent
STUCK_S = 120  # longest silence of a task, beyond what it waits on purpose


class App:
    """boot: the launcher's. The rest are ports and the update record, handed in by main.py."""

    def __init__(self, boot, settings, record, chip, beam, radio, clock, random, usage):
        self.boot = boot
        self.settings = settings
        self.record = record
        self.chip = chip
        self.beam = beam
        self.radio = radio
        self.clock = clock
        self.random = random
        self.root = "development" if chip.development() else "maker"
        self.usage = usage
        instrument, bases = settings["instrument"], settings["providers"]
        found = shipped(instrument, bases, chip.opener, usage.feed)
        self.feed = Feed(*found, random, clock.up_s)
        self.next_beat_s = 0  # by when the follower must have come round

    async def run(self) -> None:
        """Ends only by an exception or a hand-over."""
        if self.boot.trial and trial_of(self.boot, self.record):
            self.record.reached(reasons.APP)
        try:
            await asyncio.gather(self.follow(), self.beam.move(), self.watch())
        except Exception:
            self.beam.stay()
            raise

    # -- the market --------------------------------------------------------------------------

    async def follow(self) -> None:
        """Poll the providers; what the feed then shows sets the beam's target."""
        while True:
            self.beat(self.settings["poll_s"])
            if await self.joined():
                await self.feed.poll(self.clock.epoch_s())
                self.aim()
            self.say()
            wait_s = self.feed.wait_s(self.settings["poll_s"])
            self.beat(wait_s)
            await asyncio.sleep(wait_s)

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
        if self.feed.pose == LEVEL:
            self.beam.point(0.0, True)
        elif quote and self.feed.pose == FOLLOW:
            self.beam.show(quote.price, quote.baseline, self.feed.sigma)

    def say(self) -> None:
        """One line of the serial console: everything a person or a program wants to know."""
        quote = self.feed.last
        price = "%.2f" % quote.price if quote else "-"
        change = "%+.2f%%" % ((quote.price / quote.baseline - 1) * 100) if quote else "-"
        print(
            "seesaw state=%s instrument=%s price=%s change=%s angle=%+.2f level=%s pulse=%d "
            "data=%s slot=%s version=%s root=%s why=%s"
            % (self.feed.state, self.feed.instrument, price, change, self.beam.degrees(),
               "yes" if self.beam.level() else "no", self.beam.target_ns // 1000, self.usage.name,
               self.boot.slot.info()[4], self.boot.version, self.root, self.feed.why)
        )  # fmt: skip

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
            elif self.clock.up_s() >= check_s or self.usage.due(self.feed, self.clock.up_s()):
                await self.beam.park()
                self.update()
                self.beam.resume()  # comes here only when it is tried from a laptop
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
        good = self.feed.state in GOOD
        self.boot.scratch = bytes((1 if good else 0,)) + self.boot.scratch[1:]
        self.usage.tell(self.feed, self.clock.up_s())
        self.boot.hand_over("updater")
