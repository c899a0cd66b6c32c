"""To let go of modules: what a step of a program needed gives its memory to the next step.

What still holds a function or a class of one keeps that one alive, so the rooms that come and go
hand on plain values and objects of rooms that stay.
"""

import sys


def unload(*names: str) -> None:
    """names: below `seesaw`, loaded or not. They are loaded anew when they are imported again."""
    for name in names:
        room, _, own = ("seesaw." + name).rpartition(".")
        sys.modules.pop(room + "." + own, None)
        if hasattr(sys.modules.get(room), own):
            delattr(sys.modules[room], own)
