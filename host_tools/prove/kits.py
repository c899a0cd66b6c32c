"""What a proof is made of, from trees of the firmware: three releases and a launcher.

old and fix are releases known to be good; the candidate, and the launcher that a device with it
would have, are what is to be proved.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache, partial
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import bundle as bundles
from host_tools.image import runtime
from host_tools.image.board import Board
from host_tools.prove import odd
from host_tools.prove.seesaw import Kit, Seesaw
from host_tools.release import development, kept, publish
from host_tools.release.publish import Release

OLD, CANDIDATE, FIX = "0.1.0", "0.2.0", "0.3.0"
AGAIN = ("0.2.2", "0.2.3", "0.2.4", "0.2.5")  # the candidate's code once more, and once more
BEFORE_ALL = "0.0.1"
DEFAULT_BOARD = "esp32_wrover"
Change = tuple[str, str, str]  # (file below firmware/, old text, new text)


@cache
def load_board(name: str) -> Board:
    return boards.load(name)


@cache
def good(version: str, board: str = DEFAULT_BOARD) -> Release:
    """The firmware of this project as a release of that version."""
    return make(version, bundles.FIRMWARE, board)


def make(version: str, source: Path, board: str = DEFAULT_BOARD) -> Release:
    """A release of the firmware in a folder; its trial is as short as the firmware takes.

    UserError when it does not compile.
    """
    made = load_board(board)
    _, app = runtime.synthetic(made)
    return publish.make(made, version, app, source=source, trial_s=0)


def in_turn(*releases: Release) -> dict[str, Release]:
    """By their versions, each with the differences from those before it. The last one, which cures,
    comes after every key was rotated, and to 99 of 100 devices, of which this one is: so each
    recovery crosses a rotation and a rollout."""
    made = [publish.over(one, *releases[:at]) for at, one in enumerate(releases)]
    last = publish.over(made[-1], *releases[:-1], by=development.successor())
    made[-1] = publish.reissued(last, rules={"start_percentage": 99})
    return {one.version: one for one in made}


def more(candidate: Release, version: str) -> Release | None:
    """Further releases that a world may offer: the odd ones, and the candidate's own code as what
    follows on it. None for a version that is neither's."""
    if version not in AGAIN:
        return odd.build(version, candidate.board)
    number = AGAIN.index(version)
    before = more(candidate, AGAIN[number - 1]) if number else candidate
    assert before
    built = bundles.with_version(candidate.bundle, version)
    made = publish.pack(load_board(candidate.board), candidate.slot[0][1], built, trial_s=0)
    return publish.over(made, before)


def launcher(source: Path = bundles.FIRMWARE) -> bytes:
    """UserError when there is none, or when it does not compile."""
    path = source / "launcher" / "main.py"
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(str(path), f"cannot be read: {error}", "name a firmware folder") from error
    bundles.compile_module("main.py", text)
    return text.encode()


def seesaw(source: Path = bundles.FIRMWARE, board: str = DEFAULT_BOARD) -> Seesaw:
    """The subject: the firmware in `source` as candidate. UserError as make() and launcher()."""
    candidate = good(CANDIDATE, board) if source == bundles.FIRMWARE else (
        make(CANDIDATE, source, board)
    )
    made = in_turn(good(OLD, board), candidate, good(FIX, board))
    kit = Kit(load_board(board), launcher(source), made, more=partial(more, made[CANDIDATE]))
    return Seesaw(kit, OLD, CANDIDATE, FIX)


def built(
    candidate: Path | None, older: Path | None, source: Path = bundles.FIRMWARE,
    board: str = DEFAULT_BOARD,
) -> Seesaw:  # fmt: skip
    """The subject: a kept release as candidate, over another; each a path as kept.load() takes it.

    Without a candidate it is the firmware in `source`; without an older one this project's. A
    device keeps the launcher it was made with: the older one's. UserError as kept.load() and
    make(), and when the candidate is not newer.
    """
    new, made_with = kept.load(candidate) if candidate else (None, launcher(source))
    shipped = {new.version: hashlib.sha256(new.bundle.image).hexdigest()} if new else {}
    new = kept.provable(new) if new else None
    board = new.board if new else board
    if older:
        old, made_with = kept.load(older, board)
        old = kept.provable(old)
    else:
        old = good(BEFORE_ALL if new and not kept.newer(new.version, OLD) else OLD, board)
    if new is None:
        above = CANDIDATE if kept.newer(CANDIDATE, old.version) else kept.above(old.version)
        new = make(above, source, board)
    if not kept.newer(new.version, old.version):
        raise UserError(str(candidate), f"{new.version} is not newer than {old.version}",
                        "name an older release with --from")  # fmt: skip
    fix = FIX if kept.newer(FIX, new.version) else kept.above(new.version)
    made = in_turn(old, new, good(fix, board))
    kit = Kit(load_board(board), made_with, made, shipped=shipped,
              more=partial(more, made[new.version]))  # fmt: skip
    return Seesaw(kit, old.version, new.version, fix)


def changed(changes: Iterable[Change], board: str = DEFAULT_BOARD) -> Seesaw:
    """The subject with a candidate that differs from the project's firmware in these places.

    ValueError when a text is not there (any more), UserError when it does not compile.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "firmware")
        shutil.copytree(bundles.FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in changes:
            path = tree / name
            text = path.read_text()
            if old not in text:
                raise ValueError(f"{name} has no {old!r} any more")
            path.write_text(text.replace(old, new))
        return seesaw(tree, board)
