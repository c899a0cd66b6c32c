"""Which of the owner's instruments has its turn. Pure: the time and what trades are handed in.

Turns are spans of the clock, counted from 1970 on: nothing of them has to be kept, and after a
power cut or a look for an update the same one goes on.
"""


NAMES_MAX = 16


def names(settings: dict) -> list:
    """The instruments that take turns, 16 at most, each once; the first is what an older release
    shows. settings: instrument, and rotation, a list of whatever."""
    found = [settings["instrument"]]
    for name in settings["rotation"]:
        if isinstance(name, str) and name not in found and len(found) < NAMES_MAX:
            found.append(name)
    return found


def pick(trades: list, turn: int) -> int:
    """The place of the one to show. trades: of each True, False, or None for one that this release
    does not have. While one trades, those that do not are passed over. turn: its number."""
    for wanted in (True, False):
        those = [at for at in range(len(trades)) if trades[at] is wanted]
        if those:
            return those[turn % len(those)]
    return 0
