"""The wiring that the app alone needs: the updater does not load it.

Once the app is made it lets go of this room, and of those that nothing else needs: their memory
goes to what polls. So whatever is made here must not hold a function or a class of them.
"""

import asyncio

from seesaw import config, door, tuning
from seesaw.app import App
from seesaw.beam import Beam
from seesaw.call import Call
from seesaw.core import handover
from seesaw.core.quiet import owners_clock
from seesaw.data import hours, shipped, starting
from seesaw.data.maker import root
from seesaw.feed import Feed
from seesaw.net.pem import MORE_MAX
from seesaw.port import board as chip
from seesaw.port import servo
from seesaw.port.secure import Secure
from seesaw.source import Source
from seesaw.timekeeping import Timekeeper
from seesaw.unload import unload

_ONCE = ("wiring", "tuning", "config", "lastwords", "data.maker", "data.part", "data.shipped",
         "data.standing", "data.starting")  # fmt: skip
_EACH_TURN = ("data.hours", "core.zone_text")  # where instruments take turns


def app(boot, settings, record, radio, clock, random, store) -> App:
    """The app of this chip, its settings and its data."""
    settings.update(tuning.parse(config.load(store)))
    if boot.unhealthy and not boot.trial:
        from seesaw import lastwords

        lastwords.keep(boot, store)
    secure = Secure(clock, store.get("roots", MORE_MAX), chip.opener)
    keeper = Timekeeper(clock, random, chip.opener, settings["ntp"], boot.slot)
    usage = starting.usage(boot, store.get("feeds"), settings, store.get("calendars"))
    rota, of = None, settings
    if settings["rotation"]:
        from seesaw.rotation import Rotation

        rota = Rotation(boot, settings, record, clock, usage)
        of = rota.of
    found = market(usage, of, boot, secure.opener, clock, random, store)
    motor = _motor(settings["servo_pin"], settings["power_pin"], boot)
    beam = Beam(settings, motor, boot, clock, servo.Place(), owners_clock(settings["tz"]))
    made = App(
        boot, settings, record, chip, beam, radio, clock, random, usage, found, keeper, root()
    )
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
    unload(*_ONCE)
    if not rota:
        unload(*_EACH_TURN)
    unload("unload")
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
    sessions = hours.sessions(exchange, signed=usage.hours(exchange))
    zones = _zones(part["providers"].values(), sessions)
    bases, keys = settings["providers"], settings["keys"]
    sources = []
    keeps = False
    for feed in part["feeds"]:
        name = feed[0]
        rules = part["providers"][name]
        base = bases.get(name, "")
        opened = opener(() if base else rules.get("roots", ()))  # of the provider's own host
        sources.append(Source(feed, rules, opened, base, keys.get(name, ""), zones))
        keeps |= ["stored"] in rules["base"]
    silent_s = handover.silent_s(boot.scratch)
    feed = Feed(instrument, part, sources, random, clock.up_s, sessions, silent_s)
    if keeps:
        from seesaw.closing import Closing

        feed.closing = Closing(feed, store)
    feed.choice.keep(handover.waits(boot.scratch), clock.up_s())
    return feed


def _zones(recipes, sessions) -> dict:
    """By its text each time zone that times in these recipes may be in; "" is the exchange's."""
    found = {"": sessions and sessions.zone}
    for rules in recipes:
        for row in rules["time"]:
            for zone in row[2:]:
                if isinstance(zone, str) and zone not in found:
                    from seesaw.core.sessions import Zone

                    try:
                        found[zone] = Zone(zone)
                    except ValueError:  # its times have none, then
                        pass
    return found
