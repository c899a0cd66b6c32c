"""The tally as the fleet's report: plain values, ready for JSON. No I/O."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from host_tools.errors import UserError
from host_tools.fleet.frames import polars as pl
from host_tools.fleet.sayings import DARK
from host_tools.fleet.tally import DAY_S, MONTH_S, Tally
from host_tools.market.instruments import INSTRUMENTS
from host_tools.release.query import CAUSES, STAGES, Failure, Said

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
    affected by this version. instrument: also whom an outage of its prices has reached. UserError
    for one that no list and no device knows: it would have reached nobody."""
    check(tally, instrument)
    begin_s, end_s = tally.span_s
    lately = _sayings(tally, tally.devices.filter(end_s - pl.col("last") <= silent_s))
    found = {
        "format": FORMAT,
        "from": moment(begin_s),
        "to": moment(end_s),
        "read": asdict(tally.counts) | {"beyond_limits": tally.beyond},
        "pseudonyms": len(tally.devices),
        "heard_lately": lately.total(),
        "lately_s": silent_s,
        "versions": _by(lately, lambda said: said.version),
        "slots": _by(lately, lambda said: str(said.slot)),
        "actions": _by(lately, lambda said: said.action),
        "markets": _markets(lately),
        "by_day": _by_day(tally),
        "first_seen": _times(tally.seen),
        "first_failed": _times(tally.failing),
        "failures": _failures(tally),
        "rolled_back": _rolled_back(tally),
        "went_back": _went_back(tally),
        "silent": _silent(tally, end_s, silent_s),
        "not_said": list(NOT_SAID),
    }
    found |= {"release": affected(tally, release)} if release else {}
    return found | ({"outage": reached(tally, instrument)} if instrument else {})


def check(tally: Tally, instrument: str) -> None:
    """UserError for an instrument that is none. Signed feeds may bring others than those listed."""
    shown = {said.market.instrument for said in tally.sayings.said if said.market}
    if instrument and instrument not in INSTRUMENTS and instrument not in shown:
        known = ", ".join(dict.fromkeys([*INSTRUMENTS, *sorted(shown)]))
        raise UserError("--instrument", f"there is no '{instrument}'", f"one of {known}")


def moment(epoch_s: int) -> str:
    """In UTC; "" for none."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if epoch_s else ""


def _sayings(tally: Tally, devices: pl.DataFrame) -> Counter[Said]:
    """How many of these say what at the last."""
    rows = devices.group_by("said").len().sort("said").iter_rows()
    return Counter({tally.sayings.said[number]: count for number, count in rows})


def _by(sayings: Counter[Said], key: Callable[[Said], str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for said, count in sayings.items():
        found[key(said)] += count
    return _sorted(found)


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _markets(sayings: Counter[Said]) -> list[dict[str, Any]]:
    """States by instrument and provider, those that are most in trouble first."""
    found: dict[str, dict[str, Counter[str]]] = {}
    for said, count in sayings.items():
        if market := said.market:
            rows = found.setdefault(market.instrument, {})
            rows.setdefault(str(market.provider), Counter())[market.state] += count
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
    versions = list(tally.sayings.versions)
    days: dict[int, Counter[str]] = {}
    for (day, version), count in tally.by_day.items():
        days.setdefault(day, Counter())[versions[version]] += count
    return [{"day": moment(day * DAY_S)[:10], "versions": _sorted(days[day])}
            for day in sorted(days)]  # fmt: skip


def _failures(tally: Tally) -> list[dict[str, Any]]:
    kinds = list(tally.sayings.kinds)
    counts = tally.failed.group_by("kind").len().sort("kind")
    counts = counts.sort("len", descending=True, maintain_order=True)
    return [_failure(kinds[kind], count) for kind, count in counts.iter_rows()]


def _failure(kind: Failure, devices: int) -> dict[str, Any]:
    return {
        "release": kind.version,
        "bundle": kind.bundle,
        "stage": STAGES.get(kind.stage, str(kind.stage)),
        "cause": CAUSES.get(kind.cause, str(kind.cause)),
        "pseudonyms": devices,
    }


def _who_failed(tally: Tally, wanted: Callable[[Failure], bool]) -> pl.DataFrame:
    kinds = [place for kind, place in tally.sayings.kinds.items() if wanted(kind)]
    return tally.failed.filter(pl.col("kind").is_in(kinds)).select("name").unique()


def _rolled_back(tally: Tally) -> int:
    return len(_who_failed(tally, lambda kind: kind.stage >= TRIED))


def _went_back(tally: Tally) -> list[dict[str, Any]]:
    """Seen on a version, then on an older one. By its trial where the device says so itself; else
    by a recall, or by hand."""
    versions = list(tally.sayings.versions)
    places = [tally.sayings.versions.get(kind.version) for kind in tally.sayings.kinds]
    releases = pl.Series(places, dtype=pl.UInt16)
    failed = tally.failed.select("name", old=releases.gather(tally.failed["kind"]), failed=True)
    back = tally.back.join(failed.unique(), ["name", "old"], "left")
    found = [{"from": versions[old], "to": versions[new],
              "by": "failure" if failed else "recall or hand", "pseudonyms": count}
             for old, new, failed, count in back.group_by("old", "new", "failed").len().iter_rows()]
    return sorted(found, key=lambda one: (-one["pseudonyms"], one["from"], one["to"], one["by"]))


def _silent(tally: Tally, end_s: int, silent_s: int) -> dict[str, Any]:
    """Not heard lately. Who was heard before this month of names began may only have another name
    by now, so only the others are named."""
    began_s = end_s // MONTH_S * MONTH_S
    gone = tally.devices.filter(pl.col("last") < end_s - silent_s)
    sure = gone.filter(pl.col("first") >= began_s)
    listed = sure.sort("last", "name", descending=True).head(NAMED_MAX)
    return {
        "pseudonyms": len(sure),
        "or_renamed": len(gone) - len(sure),
        "names_since": moment(began_s),
        "listed": [{"pseudonym": pseudonym(name), "last": moment(last),
                    "version": tally.sayings.said[said].version}
                   for name, last, said in listed.select("name", "last", "said").iter_rows()],
    }  # fmt: skip


def affected(tally: Tally, version: str) -> dict[str, Any]:
    """Who ran it, or failed to, each under the last of what is known; and who never did. named: by
    any line, without which it may be misspelt."""
    names = tally.devices.select("name")
    runs = tally.devices.filter(_says(tally, lambda said: said.version == version)).select("name")
    failed = _who_failed(tally, lambda kind: kind.version == version).join(runs, "name", "anti")
    left = tally.who_ran(version).join(pl.concat([runs, failed]), "name", "anti")
    groups = {"runs": runs, "failed": failed, "left": left}
    counts = {group: len(found) for group, found in groups.items()}
    failures = (kind.version for kind in tally.sayings.kinds)
    return {
        "version": version,
        "named": version in tally.sayings.versions or version in failures,
        **counts,
        "never": len(names) - sum(counts.values()),
        "listed": _listed(groups),
    }


def reached(tally: Tally, instrument: str) -> dict[str, Any]:
    """Who could not show this market at some check, and cannot at the last; and who never said
    that, of whom some follow it and others another one."""

    def mine(said: Said) -> bool:
        return said.market is not None and said.market.instrument == instrument

    def dark(said: Said) -> bool:
        return said.market is not None and mine(said) and said.market.state in DARK

    place = pl.lit(tally.sayings.instruments.get(instrument), pl.UInt32)
    touched = tally.dark.filter(pl.col("instrument") == place)
    others = tally.devices.join(touched, "name", "anti")
    unharmed = len(others.filter(_says(tally, mine)))
    devices = tally.devices.join(touched, "name", "semi")
    still = _says(tally, dark)
    groups = {"still": devices.filter(still), "over": devices.filter(~still)}
    return {
        "instrument": instrument,
        "reached": len(devices),
        **{group: len(found) for group, found in groups.items()},
        "unharmed": unharmed,
        "elsewhere": len(others) - unharmed,
        "listed": _listed(groups),
    }


def _says(tally: Tally, wanted: Callable[[Said], bool]) -> pl.Expr:
    """Is what a device says at the last so?"""
    numbers = [number for number, said in enumerate(tally.sayings.said) if wanted(said)]
    return pl.col("said").is_in(numbers)


def _listed(groups: dict[str, pl.DataFrame]) -> dict[str, list[str]]:
    return {group: [pseudonym(name) for name in found["name"].sort()[:NAMED_MAX]]
            for group, found in groups.items()}  # fmt: skip


def pseudonym(name: int) -> str:
    """As the device says it."""
    return f"{name:012x}"
