"""The release matrix: every release that is kept, and the working tree, over and under each other.

N-k to N; N to N+1 by N's own updater, from the steady state that N-k left it; back from a failed
N+1 to N, from a failed N to N-k and from a deaf N to N-k, on what the newer one left behind; and N
refuses what is no update. A device keeps the launcher it was made with: all of this is proved with
the launcher of the oldest release that is kept, and with today's.
"""

import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import bundle as bundles
from host_tools.prove import kits
from host_tools.prove.kits import DEFAULT_BOARD
from host_tools.prove.scenario import HOUR, Scenario, offering
from host_tools.prove.scenarios import WHOLE
from host_tools.prove.seesaw import Kit, Seesaw
from host_tools.release import development, kept, publish
from host_tools.release.publish import Release

# Install is cut for the working tree by 'update' and 'next'; an older updater's was, at its time.
QUICK_CUTS = ("set_boot", "boot", "confirm", "heal", "launcher")
BACK_S = 4 * HOUR  # a deaf release is left after its updater fell a few times, with pauses

# What is added to seesaw/main.py, which the launcher starts by run(boot, program).
FAILS_TRIAL = """
from seesaw.port import board

def _refuse(*ignored):
    raise RuntimeError("planted")

board.mark_valid = _refuse
"""
DEAF = """
_run = run

def run(boot, program):
    if program == "updater" and not boot.trial:
        raise RuntimeError("planted")
    _run(boot, program)
"""
OTHER_BYTES = "\nOTHER = 1\n"


@dataclass(frozen=True)
class Row:
    """Scenarios of one subject; depth: cuts in a row that they are worth."""

    subject: Seesaw
    scenarios: tuple[Scenario, ...]
    depth: int


def rows(
    source: Path = bundles.FIRMWARE, *, full: bool = False, board: str = DEFAULT_BOARD,
    folder: Path = kept.RELEASES,
) -> list[Row]:  # fmt: skip
    """The matrix of the firmware in `source`: in full against every release kept for the board,
    else against the newest. UserError when nothing is kept, and as kept.load() and kits.make()."""
    known = [(kept.provable(one), made_with) for one, made_with in kept.all_of(board, folder)]
    if not known:
        raise UserError(str(folder), f"no release for '{board}' is kept there",
                        "keep one with 'seesaw release keep'")  # fmt: skip
    launchers = {known[0][0].version: known[0][1]}
    today = kits.launcher(source)
    if today not in launchers.values():
        launchers[""] = today
    candidate = kept.above(known[-1][0].version)
    return [
        Row(_subject(older, launcher, candidate, source, board),
            _scenarios(older, candidate, made_with, full), 1)
        for older, _ in (known if full else known[-1:])
        for made_with, launcher in launchers.items()
    ]  # fmt: skip


def _subject(older: Release, launcher: bytes, candidate: str, source: Path, board: str) -> Seesaw:
    """older: N-k. candidate: a version above all that are kept; the fix comes above it."""
    fix = kept.above(candidate)
    good = kits.good(fix, board)
    newer = development.edition(candidate) + 1  # metadata that is newer than the candidate's
    made = list(kits.in_turn(older, _made(candidate, source, board), good).values())
    made += [
        _made(f"{candidate}.1-{name}", tree, board, added)
        for name, tree, added in (
            ("failing", source, FAILS_TRIAL),
            ("deaf", source, DEAF),
            ("next", bundles.FIRMWARE, FAILS_TRIAL),
        )
    ]
    releases = {one.version: one for one in made} | {
        # Listed by metadata that is newer, or a device would not come to look at the release.
        "older-version": publish.reissued(older, newer),
        "same-version": publish.reissued(_made(candidate, source, board, OTHER_BYTES), newer),
        "other-board": publish.reissued(good, newer, board="other"),
        "corrupt": _corrupt(good),
    }
    return Seesaw(Kit(kits.load_board(board), launcher, releases), older.version, candidate, fix)


def _scenarios(older: Release, candidate: str, launcher: str, full: bool) -> tuple[Scenario, ...]:
    """launcher: version of the release that the device was made with, "" for today's."""
    cuts = None if full else QUICK_CUTS
    tail = f"-{older.version}"
    if launcher != older.version:  # the device is older than the release, or it is made today
        tail += f"-launcher-{launcher or 'today'}"
    update = Scenario(
        "update-from", "the candidate over a release that is in the field",
        offering("candidate"), until="updated", phases=WHOLE, cuts=cuts,
    )  # fmt: skip
    returned = f"says:event=confirmed slot=ota_0 version={older.version} "
    steady = (replace(update, name="update"),)
    found = [update, Scenario(
        "next-after", "the candidate installs its successor, from what the update left behind",
        offering("fix"), until="updated", phases=WHOLE, cuts=cuts, before=steady,
    ), Scenario(
        "back-to-candidate-after", "its successor fails its trial, and the candidate runs on",
        offering(f"{candidate}.1-next"), until="rejected", phases=(*WHOLE[:-1],), cuts=cuts,
        before=steady,
    ), Scenario(
        "back-to", "the candidate fails its trial, and the release before it runs on",
        offering(f"{candidate}.1-failing"), until="rejected", phases=(*WHOLE[:-1],), cuts=cuts,
    ), Scenario(
        "left-for", "the candidate's updater falls after its trial: the launcher takes the"
        " release before it, on what the candidate left behind",
        offering(f"{candidate}.1-deaf"), until=returned, seconds=BACK_S,
        phases=(*WHOLE, "launcher"), cuts=cuts,
    )]  # fmt: skip
    found += [
        Scenario(f"refuse-{name}-after", f"the candidate is offered {words}", offering(offer),
                 until=until, before=steady, phases=phases, cuts=cuts)
        for name, words, offer, until, phases in (
            ("older", "the release before it", "older-version", "refused", ()),
            ("same", "its own version with other bytes", "same-version", "refused", ()),
            ("board", "a release for another board", "other-board", "refused", ()),
            ("corrupt", "a release with a flipped bit", "corrupt", "hindered", ("install",)),
        )
    ]  # fmt: skip
    return tuple(replace(one, name=(one.name + tail).lower().replace("+", "-")) for one in found)


# -- releases for the purpose ------------------------------------------------------------------


@cache
def _made(version: str, source: Path, board: str, added: str = "") -> Release:
    """The firmware in `source` with a few lines more at the end of seesaw/main.py."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "firmware")
        shutil.copytree(source, tree, ignore=shutil.ignore_patterns("__pycache__"))
        main = tree / "seesaw" / "main.py"
        main.write_text(main.read_text("utf-8") + added, "utf-8")
        return kits.make(version, tree, board)


def _corrupt(release: Release) -> Release:
    """The same with one bit of the bundle flipped on the way, packed or not."""
    whole = release.bundle.image
    site = dict(release.site)
    for path, raw in release.site.items():
        if raw == whole or path.endswith(".packed"):
            data = bytearray(raw)
            data[len(data) // 2] ^= 1
            site[path] = bytes(data)
    return replace(release, site=site)
