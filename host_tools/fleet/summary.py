"""The tally as the fleet's report: plain values, ready for JSON. No I/O."""

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from host_tools.fleet.tally import DARK, DAY_S, MONTH_S, Device, Tally
from host_tools.release.query import CAUSES, STAGES, Failure

FORMAT = 1
TRIED = 5  # from this stage on the release had been started here: it was rolled back
NAMED_MAX = 1000  # pseudonyms in one list
NOT_SAID = (
    "what it shows between two checks: the last one counts",
    "how many devices there are: a device without a network has no line",
    "who it is: a pseudonym lasts one month of signed time, then the device counts anew under"
    " another, and no list of one month can be joined to the next",
)


def summary(
    tally: Tally, silent_s: int, release: str = "", instrument: str = ""
) -> dict[str, Any]:
    """silent_s: so long before the last check of all nothing was heard. release: also who is
    affected by this version. instrument: also whom an outage of its prices has reached."""
    begin_s, end_s = tally.span_s
    lately = [one for one in tally.devices.values() if end_s - one.last_s <= silent_s]
    found = {
        "format": FORMAT,
        "from": moment(begin_s),
        "to": moment(end_s),
        "read": asdict(tally.counts) | {"beyond_limits": tally.beyond},
        "pseudonyms": len(tally.devices),
        "heard_lately": len(lately),
        "lately_s": silent_s,
        "versions": _sorted(Counter(one.said.version for one in lately)),
        "slots": _sorted(Counter(str(one.said.slot) for one in lately)),
        "actions": _sorted(Counter(one.said.action for one in lately)),
        "markets": _markets(lately),
        "by_day": _by_day(tally),
        "first_seen": _times(tally.seen),
        "first_failed": _times(tally.failed),
        "failures": [_failure(kind, count) for kind, count in tally.kinds.most_common()],
        "rolled_back": sum(_rolled_back(one) for one in tally.devices.values()),
        "went_back": _went_back(tally),
        "silent": _silent(tally, end_s, silent_s),
        "not_said": list(NOT_SAID),
    }
    found |= {"release": affected(tally, release)} if release else {}
    return found | ({"outage": reached(tally, instrument)} if instrument else {})


def moment(epoch_s: int) -> str:
    """In UTC; "" for none."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if epoch_s else ""


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _markets(devices: list[Device]) -> list[dict[str, Any]]:
    """States by instrument and provider, those that are most in trouble first."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for one in devices:
        if market := one.said.market:
            rows = found.setdefault(market.instrument, {})
            rows.setdefault(str(market.provider), Counter())[market.state] += 1
    made = []
    for instrument, rows in found.items():
        states = sum(rows.values(), Counter[str]())
        made.append({
            "instrument": instrument,
            "pseudonyms": states.total(),
            "dark": sum(states[state] for state in DARK),
            "states": _sorted(states),
            "providers": {place: _sorted(rows[place]) for place in sorted(rows)},
        })  # fmt: skip
    return sorted(made, key=lambda one: (-one["dark"], -one["pseudonyms"], one["instrument"]))


def _times(found: dict[str, int]) -> dict[str, str]:
    """By version, the earliest first."""
    rows = sorted(found.items(), key=lambda one: one[1])
    return {version: moment(at_s) for version, at_s in rows}


def _by_day(tally: Tally) -> list[dict[str, Any]]:
    """Pseudonyms heard on each day, by the version of their first check."""
    days: dict[int, Counter[str]] = {}
    for (day, version), count in tally.by_day.items():
        days.setdefault(day, Counter())[version] += count
    return [{"day": moment(day * DAY_S)[:10], "versions": _sorted(days[day])}
            for day in sorted(days)]  # fmt: skip


def _failure(kind: Failure, devices: int) -> dict[str, Any]:
    return {
        "release": kind.version,
        "bundle": kind.bundle,
        "stage": STAGES.get(kind.stage, str(kind.stage)),
        "cause": CAUSES.get(kind.cause, str(kind.cause)),
        "pseudonyms": devices,
    }


def _rolled_back(device: Device) -> bool:
    return any(kind.stage >= TRIED for kind in device.failures)


def _went_back(tally: Tally) -> list[dict[str, Any]]:
    """Seen on a version, then on an older one. By its trial where the device says so itself; else
    by a recall, or by hand."""
    ways: Counter[tuple[str, str, bool]] = Counter()
    for one in tally.devices.values():
        if one.back:
            ways[(*one.back, any(kind.version == one.back[0] for kind in one.failures))] += 1
    return [{"from": old, "to": new, "by": "failure" if failed else "recall or hand",
             "pseudonyms": count} for (old, new, failed), count in ways.most_common()]  # fmt: skip


def _silent(tally: Tally, end_s: int, silent_s: int) -> dict[str, Any]:
    """Not heard lately. Who was heard before this month of names began may only have another name
    by now, so only the others are named."""
    began_s = end_s // MONTH_S * MONTH_S
    gone = sorted(
        ((one.last_s, name) for name, one in tally.devices.items()
         if one.last_s < end_s - silent_s),
        reverse=True,
    )  # fmt: skip
    sure = [(last, name) for last, name in gone if tally.devices[name].first_s >= began_s]
    return {
        "pseudonyms": len(sure),
        "or_renamed": len(gone) - len(sure),
        "names_since": moment(began_s),
        "listed": [{"pseudonym": name, "last": moment(last),
                    "version": tally.devices[name].said.version}
                   for last, name in sure[:NAMED_MAX]],
    }  # fmt: skip


def affected(tally: Tally, version: str) -> dict[str, Any]:
    """Who ran it, or failed to, each under the last of what is known; and who never did."""
    groups: dict[str, list[str]] = {"runs": [], "failed": [], "left": []}
    for name, one in tally.devices.items():
        if one.said.version == version:
            groups["runs"].append(name)
        elif any(kind.version == version for kind in one.failures):
            groups["failed"].append(name)
        elif version in one.versions:
            groups["left"].append(name)
    counts = {group: len(names) for group, names in groups.items()}
    return {
        "version": version,
        **counts,
        "never": len(tally.devices) - sum(counts.values()),
        "listed": {group: sorted(names)[:NAMED_MAX] for group, names in groups.items()},
    }


def reached(tally: Tally, instrument: str) -> dict[str, Any]:
    """Who could not show this market at some check, and cannot at the last; and who never said
    that, of whom some follow it and others another one."""
    groups: dict[str, list[str]] = {"still": [], "over": []}
    unharmed = elsewhere = 0
    for name, one in tally.devices.items():
        market = one.said.market
        mine = market is not None and market.instrument == instrument
        if instrument in one.dark:
            dark = mine and market is not None and market.state in DARK
            groups["still" if dark else "over"].append(name)
        elif mine:
            unharmed += 1
        else:
            elsewhere += 1
    return {
        "instrument": instrument,
        "reached": sum(map(len, groups.values())),
        **{group: len(names) for group, names in groups.items()},
        "unharmed": unharmed,
        "elsewhere": elsewhere,
        "listed": {group: sorted(names)[:NAMED_MAX] for group, names in groups.items()},
    }
