"""The one button: a short press identifies, by the light; a long one calls for set-up."""

import asyncio

from micropython import const

LONG_MS = const(5000)
LOOK_MS = const(50)
_BLINK = const(60)  # looks: 3 s
_HALF = const(4)  # looks of light, and of dark
_SIGN = const(5)  # the same in the sign of a state
_PAUSE = const(100)  # looks from one sign to the next


class Button:
    """One that is down from the start does nothing until it was up: shorted, or leant on, it must
    not keep the app from running."""

    def __init__(self):
        self._looks = -1  # for which it is down; 0: up; -1: it was never up

    def look(self, down: bool) -> str:
        """"short" at the end of a press of two looks at least, "long" as soon as it is one."""
        looks = self._looks
        if not down:
            self._looks = 0
            return "short" if 1 < looks < LONG_MS // LOOK_MS else ""
        if looks >= 0:
            self._looks = looks + 1
        return "long" if looks + 1 == LONG_MS // LOOK_MS else ""


async def listen(panel, owner) -> None:
    """The task; never ends. panel: of port.panel. owner.long becomes true at a long press;
    owner.blinks is the sign to give when nobody presses, 0 for none."""
    button = Button()
    left = looks = 0
    while True:
        what = button.look(panel.down())
        if what == "short":
            left = _BLINK
        elif what:
            owner.long = True
        if left:
            left -= 1
            panel.light(left // _HALF % 2 == 1)
        elif owner.blinks:
            looks = (looks + 1) % _PAUSE
            panel.light(looks < 2 * _SIGN * owner.blinks and looks // _SIGN % 2 == 0)
        await asyncio.sleep_ms(LOOK_MS)
