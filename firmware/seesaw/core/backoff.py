"""How long to wait after a failure: doubling, bounded, and spread by chance.

Half of each wait is fixed and half is drawn, so that a thousand devices that lost the same server
in the same second do not come back in the same second.
"""

DOUBLINGS_MAX = 12


def delay_s(failures: int, random: object, first_s: int, most_s: int, floor_s: int = 0) -> int:
    """Seconds to wait after `failures` (1, 2, ...) failures in a row.

    random: a function that returns a float in [0, 1). The wait lies between half and all of
    first_s * 2**(failures - 1), which most_s bounds, and is at least 1 and at least floor_s
    (a server's Retry-After).
    """
    doublings = min(max(failures, 1) - 1, DOUBLINGS_MAX)
    full = min(first_s << doublings, most_s)
    return max(full - int(full // 2 * random()), floor_s, 1)
