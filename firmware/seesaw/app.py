"""Program: follows the market with the beam, and hands over to the updater now and then."""

import asyncio

from micropython import const

from seesaw.core import handover
from seesaw.core.market_state import AWAY, FOLLOW, GOOD, LEVEL, SIGNS, sign

_WATCH_MS = const(5000)  # between two looks of the supervisor
_FIRST_CHECK_S = const(180)  # to the first look after a cold boot: some are on for an evening
_HEALTHY_S = const(240)  # without a fault; a crash must not prevent the first look
_LOOKED = const(2)  # a stage of seesaw.update.record, which only a trial needs
_STUCK_S = const(120)  # longest silence of a task, beyond what it waits on purpose
_BLINK_MS = const(250)  # the LED is lit, and again until the next blink


class App:
    """boot: the launcher's. The rest are ports, the update record and what they are made into,
    handed in by wiring.py. record: None outside a trial, or of no use there."""

    def __init__(self, boot, settings, record, chip, beam, radio, clock, random, usage, feed,
                 keeper, root):  # fmt: skip
        self.boot = boot
        self.settings = settings
        self.record = record
        self.chip = chip
        self.beam = beam
        self.radio = radio
        self.clock = clock
        self.random = random
        self.root = root  # "development" or "maker": whom the release trusts
        self.usage = usage
        self.keeper = keeper
        taken = settings["servo_pin"], settings["power_pin"]
        self.led = chip.led(taken, 0)  # None for none
        self.live = None  # the stream beside polling, if the owner wants one and there is one
        self.call = None  # of the owner, for set-up
        self.feed = feed
        self.next_beat_s = 0  # by when the follower must have come round
        self.events = []  # of late, for the console
        self.noted = ""  # the state that is among them
        self.notice = ""  # the maker's, as it is shown now
        self.said = False  # it has, once: a look in the midst of each first poll would hide all
        self.shown_s = 0  # up_s when the market was shown last
        self.rota = None  # of several instruments that take turns: seesaw.rotation
        self.since_s = self.gone_s = 0  # from the last look for a release, for whatever, to here
        if boot.stage >= _LOOKED:
            self.since_s, self.gone_s = handover.since(boot.scratch)

    async def run(self) -> None:
        """Ends only by an exception or a hand-over."""
        self.chip.memory_free()  # collects: what made the app gives its memory to what polls
        # To load a module takes longer than a frame of the beam, which stands still until here.
        __import__("seesaw.core.recipe")
        if self.boot.trial:
            from seesaw import ontrial

            ontrial.begin(self.boot, self.record)
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
                await self.poll()
                self.aim()
            self.say()
            wait_s = self.feed.wait_s(self.settings["poll_s"])
            due_s = self.clock.up_s() + wait_s
            if self.live:
                jumped = await self.live.follow()
                wait_s = 0 if jumped else max(due_s - self.clock.up_s(), 0)
            self.beat(wait_s)
            await asyncio.sleep(wait_s)

    async def poll(self) -> None:
        """Once; again when what failed was the clock."""
        feed, keeper = self.feed, self.keeper
        changed = await keeper.keep(feed.sources[0].home)
        if not await feed.poll(self.clock.epoch_s()):
            for source in feed.sources:
                if await keeper.doubt(source.home, source.why):
                    changed = True
                    await feed.poll(self.clock.epoch_s())
                    break
        if changed:
            self.tell("clock", keeper.said)

    def beat(self, wait_s: int) -> None:
        self.next_beat_s = self.clock.up_s() + wait_s + _STUCK_S

    async def joined(self) -> bool:
        if self.radio.joined():
            return True
        ssid = self.settings["ssid"]
        if not ssid:
            self.feed.state, self.feed.why = "SETUP", "no Wi-Fi is set: seesaw config --ssid"
            return False
        try:
            self.radio.start(ssid, self.settings["password"])
        except OSError:
            pass  # already joining
        for _ in range(40):
            if self.radio.joined():
                return True
            await asyncio.sleep(0.25)
        self.feed.state, self.feed.why = "OFFLINE", self.radio.trouble()
        return False

    def aim(self) -> None:
        quote = self.feed.last
        if self.feed.pose == LEVEL:
            self.beam.point(0.0, True)
        elif quote and self.feed.pose == FOLLOW:
            self.beam.show(quote.price, quote.baseline, self.feed.sigma)

    def say(self) -> None:
        """One line of the serial console: everything a person or a program wants to know."""
        if self.feed.state != self.noted:
            self.noted = self.feed.state
            self.note(self.noted + " " + self.feed.why)
        self.said = True
        quote = self.feed.last
        price = "%.2f" % quote.price if quote else "-"
        change = "%+.2f%%" % ((quote.price / quote.baseline - 1) * 100) if quote else "-"
        print(
            "seesaw state=%s instrument=%s price=%s change=%s angle=%+.2f level=%s pulse=%d "
            "data=%s slot=%s version=%s root=%s sign=%s why=%s"
            % (self.feed.state, self.feed.instrument, price, change, self.beam.degrees(),
               "yes" if self.beam.level() else "no", self.beam.target_ns // 1000, self.usage.name,
               self.boot.slot.info()[4], self.boot.version, self.root,
               sign(self.feed.state, self.boot.unhealthy), self.feed.why)
        )  # fmt: skip

    def tell(self, event: str, words: str) -> None:
        """An event's line."""
        self.note(event + " " + words)
        self.chip.say(self.boot, event, words)

    def note(self, words: str) -> None:
        self.events = self.events[-7:] + ["%d s: %s" % (self.clock.up_s(), words)]

    # -- the supervisor ----------------------------------------------------------------------

    async def watch(self) -> None:
        """Feed the watchdog while all is well; confirm a trial; call the updater."""
        drawn = self.random()
        healthy = False
        while True:
            if self.clock.up_s() > self.next_beat_s:
                raise RuntimeError("the follower is stuck")
            lit = self.led and not self.beam.is_quiet()
            if healthy and self.rota:
                self.rota.turn(self)
            self.boot.wdt.feed()
            if self.boot.trial:
                self.judge()
            elif self.call.due(self.radio.joined()):
                await self.beam.park()
                up_s = self.clock.up_s()
                self.usage.tell(self.feed, up_s)
                self.call.answer(self.since_s + up_s, self.gone_s + up_s)
                self.beam.resume()
            elif self.said and self.due(drawn):
                if self.live:
                    await self.live.leave()
                await self.beam.park()
                self.update(self.due(drawn), lit)
                self.beam.resume()  # comes here only when it is tried from a laptop
            if not healthy and self.clock.up_s() >= _HEALTHY_S and not self.boot.trial:
                self.boot.healthy()
                healthy = True
            turns = 0
            if lit and self.said:
                turns = 2 * SIGNS.index(sign(self.feed.state, self.boot.unhealthy))
            for turn in range(turns):
                self.led(turn % 2 < 1)
                await asyncio.sleep_ms(_BLINK_MS)
            await asyncio.sleep_ms(_WATCH_MS - _BLINK_MS * turns)

    def due(self, drawn: float) -> str:
        """The look that is due, if any: of seesaw.core.handover."""
        up_s = self.clock.up_s()
        if self.usage.due(self.feed, up_s):
            return "release"
        if self.feed.state in GOOD + AWAY:
            self.shown_s = up_s
        check_s = self.settings["check_s"]
        if self.boot.stage != _LOOKED:
            check_s = min(check_s, _FIRST_CHECK_S)
        dark_s = up_s - self.shown_s
        word = handover.due(up_s, self.since_s, check_s, dark_s, drawn, self.gone_s)
        return word if word == "release" or self.settings["update_url"] else ""

    def judge(self) -> None:
        """In a trial: confirm, wait, or give up."""
        from seesaw import ontrial

        up_s, quotes = self.clock.up_s(), self.feed.accepted
        ontrial.judge(self.boot, self.record, self.chip, up_s, quotes)

    def update(self, word: str, lit: bool) -> None:
        """To the updater, telling it whether the feed was good: the baseline of a trial."""
        feed, up_s = self.feed, self.clock.up_s()
        self.usage.tell(feed, up_s)
        self.call.tell()
        alone = word == "data"
        since_s = self.since_s + up_s if alone else 0
        flags = handover.flags(alone, bool(lit), feed.state, feed.choice.current)
        self.boot.scratch = handover.told(
            self.boot.scratch, feed.silent_s, since_s, flags, feed.choice.waits(up_s)
        )
        self.boot.hand_over("updater")
