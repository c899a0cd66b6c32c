"""To let go of modules: what a step of a program needed gives its memory to the next step.

What still holds a function or a class of one keeps that one alive, so the rooms that come and go
hand on plain values and objects of rooms that stay.
"""

import sys

from micropython import const

_TOP = const(7)  # characters of "seesaw."


def unload(*names: str) -> None:
    """names: below `seesaw`, loaded or not; with a "." at its end, all that is in that room. They
    are loaded anew when they are imported again."""
    for name in list(sys.modules):
        room, _, own = name.rpartition(".")
        if name[_TOP:] in names or room[_TOP:] + "." in names:
            del sys.modules[name]
            if hasattr(sys.modules.get(room), own):
                delattr(sys.modules[room], own)
