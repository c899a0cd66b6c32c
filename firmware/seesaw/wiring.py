"""The wiring that the app alone needs: the updater does not load it."""

import asyncio

from seesaw import config, door, tuning
from seesaw.app import App
from seesaw.beam import Beam
from seesaw.call import Call
from seesaw.core import handover
from seesaw.core.quiet import owners_clock
from seesaw.data import shipped
from seesaw.data.usage import Usage
from seesaw.feed import Feed
from seesaw.net.pem import MORE_MAX
from seesaw.port import servo
from seesaw.port.secure import Secure
from seesaw.source import Source
from seesaw.timekeeping import Timekeeper


def app(boot, settings, record, chip, radio, clock, random, store) -> App:
    """The app of this chip, its settings and its data."""
    settings.update(tuning.parse(config.load(store)))
    if boot.unhealthy and not boot.trial:
        from seesaw import lastwords

        lastwords.keep(boot, store)
    secure = Secure(clock, store.get("roots", MORE_MAX), chip.opener)

    def witnesses() -> object:
        from seesaw.port import rtc, udp
        from seesaw.witnesses import Witnesses

        return Witnesses(
            clock, rtc.set_clock, random, udp, chip.opener, settings["ntp"], rtc.built_s(boot.slot)
        )

    keeper = Timekeeper(clock, random, witnesses)
    usage = Usage(boot, store.get("feeds"), settings, store.get("calendars"))
    rota, of = None, settings
    if settings["rotation"]:
        from seesaw.rotation import Rotation

        rota = Rotation(boot, settings, record, clock, usage)
        of = rota.of
    found = market(usage, of, boot, secure.opener, clock, random, store)
    motor = _motor(settings["servo_pin"], settings["power_pin"], boot)
    beam = Beam(settings, motor, boot, clock, servo.Place(), owners_clock(settings["tz"]))
    made = App(boot, settings, record, chip, beam, radio, clock, random, usage, found, keeper)
    made.call = Call(boot, clock.up_s)
    if rota:
        rota.serve(made)
    if settings["button_pin"] >= 0:
        from seesaw.button import listen
        from seesaw.port.panel import Panel

        asyncio.create_task(listen(Panel(settings["button_pin"], made.led), made.call))
    if not boot.trial:  # nothing that is asked for from outside may cost a trial its memory
        asyncio.create_task(door.listen(made, store))
        kept = store.get("notices", 1024)
        if kept[:1] == b"[":
            from seesaw import saying

            asyncio.create_task(saying.watch(made, store, kept))
    if of["stream"]:
        from seesaw.live import live

        made.live = live(made, secure.opener())
    return made


def _motor(pin, power_pin, boot):
    """The servo on that pin. A pin that cannot drive one is said, and costs the beam alone: the
    feed, the trial and the next release must not depend on a setting."""
    try:
        return servo.Servo(pin, power_pin)
    except (ValueError, OSError, RuntimeError) as error:
        from seesaw.port.noservo import NoServo

        return NoServo(pin, boot, error)


def market(usage, settings, *ports) -> Feed:
    """The owner's instrument: by signed data, else by what the release ships."""
    if usage.part:
        try:
            return _feed(settings["instrument"], usage.part, usage, settings, *ports)
        except Exception:  # of another release's making: it must not stop the app
            usage.spoilt()
    return _feed(*shipped.feeds(settings), usage, settings, *ports)


def _feed(instrument, part, usage, settings, boot, opener, clock, random, store) -> Feed:
    exchange = part["exchange"]
    sessions = shipped.sessions(exchange, signed=usage.hours(exchange))
    bases, keys = settings["providers"], settings["keys"]

    def utc_s(local_s: int, tz: str) -> int:
        if tz:
            from seesaw.core.sessions import Zone

            return Zone(tz).utc_s(local_s)
        if sessions is None or sessions.zone is None:
            raise ValueError("the zone is not known")
        return sessions.zone.utc_s(local_s)

    sources = []
    keeps = False
    for feed in part["feeds"]:
        name = feed[0]
        rules = part["providers"][name]
        base = bases.get(name, "")
        opened = opener(() if base else rules.get("roots", ()))  # of the provider's own host
        sources.append(Source(feed, rules, opened, base, keys.get(name, ""), utc_s))
        keeps |= ["stored"] in rules["base"]
    silent_s = handover.silent_s(boot.scratch)
    feed = Feed(instrument, part, sources, random, clock.up_s, sessions, silent_s)
    if keeps:
        from seesaw.closing import Closing

        feed.closing = Closing(feed, store)
    feed.choice.keep(handover.waits(boot.scratch), clock.up_s())
    return feed
