"""The command `seesaw twin --fleet N`: a staged rollout on one page."""

import contextlib
import functools
import json
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from host_tools.errors import UserError
from host_tools.twin.fleet import Fleet, Unit
from host_tools.twin.fleet_view import FILES, FleetView
from host_tools.twin.page import Page
from host_tools.twin.words import Line

HEADLESS_S = 3600.0  # of virtual time, when --for does not say
OTHERS = ("record", "replay", "instrument", "config", "runtime", "offer", "check")


def run(arguments: Namespace, stop: Callable[[], bool]) -> int:
    """With --headless the rollout goes through its stages by itself: each when all who are in the
    share have confirmed. 0 when all have, else 1. UserError for what the user can put right."""
    refused = [name for name in OTHERS if getattr(arguments, name)]
    if refused or arguments.market != "sim":
        option = f"--{refused[0]}" if refused else f"--market {arguments.market}"
        raise UserError(option, "it is for one seesaw alone", "leave out --fleet")
    view = FleetView()
    fleet = Fleet(arguments.fleet, arguments.speed, _teller(arguments.json, view), arguments.board)
    view.look(fleet, at_once=True)
    seconds = arguments.seconds or (HEADLESS_S if arguments.headless else None)
    with _page(arguments, fleet, view) as where:
        if not arguments.json:
            opening = f"{arguments.fleet} seesaws, {arguments.speed} times real time. Ctrl-C ends."
            print(opening, *where, sep="\n", flush=True)

        def between() -> bool:
            view.look(fleet)
            return stop() or (arguments.headless and advance(fleet))

        fleet.run(seconds, between)
        if arguments.headless and stop():
            raise KeyboardInterrupt
    return _sum_up(fleet, arguments)


def advance(fleet: Fleet) -> bool:
    """One step of a rollout that goes by itself: whether it is over."""
    if fleet.release is None:
        if all(unit.state for unit in fleet.units):  # each follows its market
            fleet.begin()
        return False
    version = fleet.release.version
    asked = [unit for unit in fleet.units if unit.place(version) < fleet.percent]
    if all(unit.status == "confirmed" for unit in asked):
        if fleet.is_whole:
            return True
        fleet.widen()
    return any(unit.status == "rejected" or unit.ended for unit in fleet.units)


def actions(fleet: Fleet) -> dict[str, Callable[[], None]]:
    """What the page's buttons do; each returns at once."""
    found: dict[str, Callable[[], None]] = {
        "offer": fleet.begin,
        "offer-crashing": lambda: fleet.begin(crash=True),
        "widen": fleet.widen,
        "halt": fleet.halt,
    }
    for speed in fleet.lockstep.speeds:
        found[f"speed-{speed}"] = functools.partial(fleet.lockstep.set, speed)
    return {name: functools.partial(fleet.ask, wish) for name, wish in found.items()}


@contextlib.contextmanager
def _page(arguments: Namespace, fleet: Fleet, view: FleetView) -> Iterator[list[str]]:
    if arguments.headless or arguments.no_page:
        yield []
        return
    with Page(view, actions(fleet), arguments.port, FILES) as page:
        if arguments.json:
            print(f"Look at it: {page.url}", file=sys.stderr, flush=True)
        yield [f"Look at it: {page.url}"]


def _teller(as_json: bool, view: FleetView) -> Callable[[float, Unit | None, Line], None]:
    def tell(t: float, unit: Unit | None, line: Line) -> None:
        view.hear(t, unit, line)
        number = unit.number if unit else None
        if as_json:
            told = {"type": "event", "t": round(t, 1), "seesaw": number, "words": line.text}
            text = json.dumps(told)
        else:
            text = f"{t:7.1f}  {number or 'desk':>4}  {line.text}"
        sys.stdout.write(f"{text}\n")  # in one piece: seesaws speak in threads of their own
        sys.stdout.flush()

    return tell


def _sum_up(fleet: Fleet, arguments: Namespace) -> int:
    count = Counter("ended" if unit.ended else unit.status for unit in fleet.units)
    whole = count["confirmed"] == len(fleet.units)
    ok = whole if arguments.headless else not count["ended"]
    summary: dict[str, Any] = {
        "type": "summary", "t": round(fleet.t, 1), "ok": ok, "fleet": len(fleet.units),
        "percent": fleet.percent, "status": dict(count),
        "reached": round(fleet.lockstep.reached, 1),
    }  # fmt: skip
    if arguments.json:
        print(json.dumps(summary), flush=True)
    else:
        told = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
        print(f"ended after {fleet.t:.0f} s of virtual time, {fleet.percent} %: {told}", flush=True)
    return 0 if ok else 1
