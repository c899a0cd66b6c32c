"""When the app gives way to set-up: for the owner's button, or after a while without Wi-Fi; or to
itself, for other settings. The app does not ask in a trial."""

from micropython import const

from seesaw.core import handover

_LOST_S = const(600)  # a router takes minutes to start after a power cut
_AT = const(22)  # in scratch: for how long, in tens of seconds, over hand-overs to the updater
_ASKED = const(1)  # stages of the hand-over: to set-up
_AGAIN = const(3)  # to the app, which had not looked for a release


class Call:
    """boot: the launcher's. up_s: the clock's."""

    def __init__(self, boot, up_s):
        self.long = False  # a long press has come
        # The app is to begin anew: (seconds without a price, how each provider stands).
        self.again = ()
        self.blinks = 0  # the app gives its own sign
        self.boot = boot
        self.up_s = up_s
        self.seen_s = -10 * boot.scratch[_AT]  # up_s() when there was Wi-Fi

    def due(self, joined: bool) -> bool:
        """joined: now. Asked every few seconds."""
        if joined:
            self.seen_s = self.up_s()
        return self.long or self.again or self.up_s() - self.seen_s >= _LOST_S

    def tell(self, lost: int = -1) -> None:
        """Before a hand-over."""
        if lost < 0:
            lost = min((self.up_s() - self.seen_s) // 10, 255)
        scratch = self.boot.scratch
        self.boot.scratch = scratch[:_AT] + bytes((lost,)) + scratch[_AT + 1 :]

    def answer(self, since_s: int, gone_s: int) -> None:
        """Hand over to set-up, or to the app; never returns, but when tried from a laptop. since_s,
        gone_s: from the last look for a release, for whatever, or the start: who changes settings
        often, or has instruments take turns, must not put off the next one."""
        self.tell(0)
        boot = self.boot
        if self.again and not self.long:
            silent_s, waits = self.again
            self.again = ()
            boot.scratch = handover.told(boot.scratch, silent_s, since_s, 0, waits, gone_s)
            boot.hand_over("app", boot.stage or _AGAIN)
        else:
            boot.hand_over("setup", _ASKED if self.long else 0)
