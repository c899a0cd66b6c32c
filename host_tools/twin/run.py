"""The commands `seesaw run` and `seesaw market`."""

import contextlib
import functools
import json
import os
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from host_tools.emulator.device import Outcome
from host_tools.errors import UserError
from host_tools.image import inspect
from host_tools.market import feed_log, server
from host_tools.market.replay import Replay
from host_tools.market.truth import deadband_us, wanted_us
from host_tools.stopping import stopping
from host_tools.twin.checks import Check, Observed, judge
from host_tools.twin.console import HEADER, Console
from host_tools.twin.given import find_instrument
from host_tools.twin.page import Page
from host_tools.twin.recorder import Recorder
from host_tools.twin.reports import Report, as_json
from host_tools.twin.scene import Scene, Wanted
from host_tools.twin.view import View

HEADLESS_S = 60.0  # when --for does not say
CHECK_S = 5  # between two looks for a release: the firmware's floor
TWIN_CHECK_S = 20  # likewise in virtual time: at 60 times more would be all that one sees
FOLLOW_S = 10.0  # from a price to the beam: a poll, a move, a look for a release between them
HINT_AFTER_S = 1.0


def run(arguments: Namespace) -> int:
    """Build a scene and run it. With --headless 0 only when every check holds, else 1.

    Ctrl-C and SIGTERM end it in order: 0, but KeyboardInterrupt where it was to be judged.
    UserError for what the user can put right.
    """
    try:
        with stopping() as stop:
            try:
                return _run(arguments, stop)
            except UserError:
                if not stop():
                    raise  # else Ctrl-C hit a compiler or a VM at work, which is no error
                if arguments.headless:
                    raise KeyboardInterrupt from None
                return 0
    except BrokenPipeError:  # the reader has seen enough, and nothing more can be said
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(arguments.headless)


def market(arguments: Namespace) -> int:
    """Serve the simulated market alone. UserError for an unknown instrument or a taken port."""
    find_instrument(arguments.instrument)
    try:
        return server.main(arguments)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(f"port {arguments.port}", why, "choose another, or 0 for any") from error


def _run(arguments: Namespace, stop: Callable[[], bool]) -> int:
    if getattr(arguments, "fleet", None) is not None:
        from host_tools.twin import fleet_run

        return fleet_run.run(arguments, stop)
    if arguments.check:
        return _check(arguments, stop)
    if arguments.headless and arguments.market == "live":
        raise UserError(
            "--headless", "it judges against the simulated market", "leave out --market live"
        )
    seconds: float | None = arguments.seconds
    offer_at: float | None = arguments.offer
    if arguments.headless:
        seconds = HEADLESS_S if seconds is None else seconds
        offer_at = seconds / 2 if offer_at is None else offer_at
    if arguments.replay and (arguments.market != "sim" or arguments.instrument):
        fix = "leave out --market and --instrument"
        raise UserError("--replay", "the record says what is followed", fix)
    if getattr(arguments, "speed", 0) and arguments.market == "live":
        raise UserError("--market live", "the real market knows real time alone", "use seesaw run")
    console = Console(sys.stdout)
    view = View()
    with _hint():
        wanted = _wanted(arguments)
        recorder = Recorder(Path(arguments.record)) if arguments.record else None
        built = Scene(wanted, _listener(console, arguments.json, view, recorder))
    with built as scene, _page(arguments, scene, view) as where:
        if not arguments.json:
            _say(_opening(scene, arguments), *where, HEADER)
        if recorder:
            recorder.begin(scene)
        if seconds is None and wanted.replay:
            seconds = wanted.replay.lasts_s
        outcome = scene.run(seconds, offer_at, stop)
        if arguments.headless and stop():
            raise KeyboardInterrupt  # half a run is not judged
        found = judge(_observe(scene, outcome, seconds or 0.0)) if arguments.headless else []
    summary = _summary(scene, outcome, found)
    if arguments.json:
        _say(json.dumps(summary))
    else:
        _say(_closing(summary), *(console.check(check) for check in found))
    return 0 if summary["ok"] else 1


def _check(arguments: Namespace, stop: Callable[[], bool]) -> int:
    from host_tools.twin.check import check

    if arguments.market in ("sim", "live"):
        raise UserError("--check", "it checks recorded days", "name a folder: --market FOLDER")
    if arguments.instrument is not None:
        why = "it takes every instrument of the folder"
        raise UserError("--check", why, "leave out --instrument")
    return check(Path(arguments.market), as_json=arguments.json, out=sys.stdout, stop=stop)


@contextlib.contextmanager
def _page(arguments: Namespace, scene: Scene, view: View) -> Iterator[list[str]]:
    """Serves the page, unless nobody is to look; yields the lines that say where it is."""
    if arguments.headless or arguments.no_page:
        yield []
        return
    view.attach(scene)
    with Page(view, actions(scene), arguments.port) as page:
        taken = f" (port {arguments.port} is taken)" if page.port != arguments.port else ""
        where = f"Look at it: {page.url}{taken if arguments.port else ''}"
        if arguments.json:
            print(where, file=sys.stderr, flush=True)
        own = [f"Its own page, as its owner has it: {scene.own_page}"] if scene.own_page else []
        yield [where, *own]


def actions(scene: Scene) -> dict[str, Callable[[], None]]:
    """What the page's buttons do; each returns at once."""
    found: dict[str, Callable[[], None]] = {
        "offer": scene.offer,
        "offer-crashing": lambda: scene.offer(crash=True),
    }
    for name in scene.faults.possible:
        found[f"fault-{name}"] = functools.partial(scene.toggle, name)
    for speed in scene.pace.speeds:
        found[f"speed-{speed}"] = functools.partial(scene.set_speed, speed)
    return {name: functools.partial(scene.ask, wish) for name, wish in found.items()}


def _wanted(arguments: Namespace) -> Wanted:
    speed = getattr(arguments, "speed", 0)  # of `seesaw twin` alone
    return Wanted(
        board=arguments.board,
        instrument=arguments.instrument,
        market=arguments.market,
        clock=arguments.clock,
        seed=arguments.seed,
        check_s=TWIN_CHECK_S if speed and not arguments.headless else CHECK_S,
        runtime=Path(arguments.runtime) if arguments.runtime else None,
        config=Path(arguments.config) if arguments.config else None,
        build=Path(arguments.build),
        speed=speed,
        replay=feed_log.load(Path(arguments.replay)) if arguments.replay else None,
    )


def _observe(scene: Scene, outcome: Outcome, asked_s: float) -> Observed:
    lasted_s = outcome.elapsed_us / 1_000_000
    slope = scene.settings["us_per_degree"]
    servo = scene.settings["center_us"], slope, scene.settings.get("sensitivity", 100)
    sigma = scene.shown.sigma
    offered_s, offered = scene.offered or (0.0, "")
    return Observed(
        asked_s=asked_s,
        lasted_s=lasted_s,
        ended=outcome.reason if outcome.reason == "time" else outcome.detail,
        pulses=scene.pulses,
        boots=tuple(scene.boots),
        faults=tuple(scene.device.board.faults),
        center_us=scene.settings["center_us"],
        wanted_us=tuple(wanted_us(*found, sigma, *servo) for found in scene.truth(FOLLOW_S)),
        offered=offered,
        offered_s=offered_s,
        flash=inspect.examine(scene.device.flash.to_bytes(), "the flash"),
        deadband_us=deadband_us(slope),
    )


def _summary(scene: Scene, outcome: Outcome, found: list[Check]) -> dict[str, Any]:
    last = scene.boots[-1] if scene.boots else None
    ended = "stopped" if outcome.reason == "until" else outcome.reason
    return {
        "type": "summary",
        "t": round(outcome.elapsed_us / 1_000_000, 3),
        "ok": all(check.ok for check in found) if found else ended in ("stopped", "time"),
        "ended": ended,
        "instrument": scene.instrument.name,
        "detail": outcome.detail,
        "boots": len(scene.boots),
        "slot": last.slot if last else "",
        "version": last.version if last else "",
        "faults": list(scene.device.board.faults),
        "checks": [{"check": c.check, "ok": c.ok, "words": c.words} for c in found],
    }


def _opening(scene: Scene, arguments: Namespace) -> str:
    what = f"{scene.image}: seesaw {scene.release.version} for {scene.board.name}\n"
    if scene.market is None:
        return what + (
            f"{scene.instrument.title} from its real provider: this needs the network."
            f" Update site {scene.settings['update_url']}. Ctrl-C ends."
        )
    if arguments.replay:
        return what + f"{scene.instrument.title}, as recorded in {arguments.replay}. Ctrl-C ends."
    if isinstance(scene.market, Replay):
        return what + (
            f"{scene.instrument.title}, as recorded in {arguments.market}: a day every"
            f" {scene.market.clock.day_s:g} s. Ctrl-C ends."
        )
    zone = ZoneInfo(scene.instrument.zone)
    start = datetime.fromtimestamp(scene.market.clock.start, zone)
    return what + (
        f"{scene.instrument.title}, simulated, seed {arguments.seed}: from {start:%a %F %H:%M %Z},"
        f" {_speed(scene.market.clock.rate * scene.pace.speed)}. Ctrl-C ends."
    )


def _speed(rate: float) -> str:
    return "in real time" if rate == 1 else f"{rate:g} times real time"


def _closing(summary: dict[str, Any]) -> str:
    ended = {"time": "ended", "stopped": "stopped"}.get(summary["ended"])
    ended = ended or f"the board is at its end: {summary['ended']} ({summary['detail']}),"
    where = f"{summary['slot']} {summary['version']}".strip() or "nowhere"
    return f"{ended} after {summary['t']:.1f} s, boots: {summary['boots']}, now {where}"


def _listener(
    console: Console, as_lines: bool, view: View, recorder: Recorder | None
) -> Callable[[Report], None]:
    def hear(report: Report) -> None:
        view.hear(report)
        if recorder:
            recorder.hear(report)
        line = json.dumps(as_json(report)) if as_lines else console.line(report)
        if line:
            _say(line)

    return hear


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


@contextlib.contextmanager
def _hint() -> Iterator[None]:
    """A word to the person waiting, once building has taken a while."""
    hint = threading.Timer(HINT_AFTER_S, print, ("building ...",), {"file": sys.stderr})
    hint.daemon = True
    if sys.stdout.isatty():
        hint.start()
    try:
        yield
    finally:
        hint.cancel()
