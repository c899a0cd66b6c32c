"""The wiring that the app alone needs: the updater does not load it."""

from seesaw.net.certificate import MORE_MAX
from seesaw.port import rtc, udp
from seesaw.port.secure import Secure
from seesaw.timekeeping import Timekeeper


def network(boot, settings, store, chip, clock, random) -> tuple:
    """(Secure, Timekeeper): whom to believe, and the time without which nobody can tell."""
    secure = Secure(clock, store.get("roots", MORE_MAX), chip.opener)
    keeper = Timekeeper(
        clock, rtc.set_clock, random, udp, chip.opener, settings["ntp"], rtc.built_s(boot.slot)
    )
    return secure, keeper
