"""The wiring of who is asked for the time. Loaded when there is a question (timekeeping.py)."""


def witnesses(clock, random, plain, servers: str, slot):
    """As for Witnesses. slot: the running one, for when its runtime was built."""
    from seesaw.port import rtc, udp
    from seesaw.witnesses import Witnesses

    return Witnesses(clock, rtc.set_clock, random, udp, plain, servers, rtc.built_s(slot))
