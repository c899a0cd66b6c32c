"""Networks in the air, for a list."""

from micropython import const

LIST_MAX = const(20)


def listed(rows: list, own: str) -> list:
    """(name, dBm, open) each, the strongest first, each name once, hidden ones and ours left out.
    rows: of WLAN.scan()."""
    best = {}
    for row in rows:
        name, dbm, is_open = row[0], row[3], row[4] == 0
        if name and name != own.encode() and (name not in best or dbm > best[name][0]):
            best[name] = (dbm, is_open)
    found = [(name, best[name][0], best[name][1]) for name in best]
    found.sort(key=lambda one: -one[1])
    return found[:LIST_MAX]
