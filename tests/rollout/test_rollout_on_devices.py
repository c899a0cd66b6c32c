"""Emulated devices follow a rollout from the desk: rings, a pause, a resume, a halt, a recall; and
what nobody signed, or what is older than what they know, changes nothing there."""

import functools
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import rig
from log_rig import common
from release_rig import BOARD, DAY, template_root
from rig import World, new_flash
from seesaw.core.rollout import bucket
from staged_rig import NEW, RULE, Staged
from test_rollout_plan import signed_anew

from host_tools.emulator.board import Options
from host_tools.emulator.flash import Flash
from host_tools.image import bundle
from host_tools.market.http1 import Reply, Request
from host_tools.release import build, publish

OLD = "0.2.0"
OWN = bytes.fromhex("240ac4000001")
STRANGER = next(one for number in range(100) if bucket(
    one := (0x240AC4000100 + number).to_bytes(6, "big"), NEW, []) > 9000)  # fmt: skip
RINGS = [
    {"name": "own units", "devices": [OWN.hex()], "abort": {"abort_min": 1}},
    {"name": "everyone", "start_percentage": 1, "duration_minutes": 1440},
]


@functools.cache
def made(version: str, bad: bool = False) -> publish.Release:
    """The firmware, for devices that trust the desk's repository. bad: its app cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        source = bundle.FIRMWARE
        if bad:
            source = Path(folder, "firmware")
            shutil.copytree(bundle.FIRMWARE / "seesaw", source / "seesaw")
            path = source / "seesaw" / "app.py"
            path.write_text(path.read_text() + '\nraise ValueError("bad release")\n')
        return publish.make(rig.BOARD, version, rig.APP, source=source, trial_s=0,
                            root=template_root())  # fmt: skip


@functools.cache
def zipped(version: str, bad: bool = False) -> Path:
    path = Path(_folder().name, f"{version}-{bad}.zip")
    path.write_bytes(build.zipped(build.kept_files(made(version, bad), rig.LAUNCHER)))
    return path


@functools.cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="seesaw-street-")


class Unit(World):
    """A device that looks at what the desk publishes. asked: the query strings of its checks."""

    out: Path

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[str] = []
        answer = self.updates.handler

        def handler(request: Request) -> Reply:
            if request.query:
                self.asked.append(urlencode(request.query, safe=","))
            return answer(request)

        self.updates.handler = handler

    def _file(self, path: str) -> bytes | None:
        file = self.out / path
        return file.read_bytes() if file.is_file() else None

    def looks(self, words: str, seconds: float = 900) -> bool:
        """Does it come to say these words, from now on?"""
        since = len(self.lines)
        self.run(seconds, until=lambda: any(words in line for line in self.lines[since:]))
        return any(words in line for line in self.lines[since:])

    def settles(self, version: str) -> bool:
        self.run(900, until=lambda: self.confirmed(version) and self.follows())
        return self.confirmed(version)


def unit(desk: Staged, device: bytes, flash: Flash | None = None, bad: bool = False) -> Unit:
    known = [made(OLD), made(NEW, bad)]
    found = Unit(flash or new_flash(known[0]), known, options=Options(unique_id=device))
    found.out = desk.out
    return found


def opened(desk: Staged, bad: bool = False) -> Staged:
    """The desk with both releases, the new one for nobody yet; published."""
    assert desk.drill(zipped(OLD)) == 0
    assert desk.drill(zipped(NEW, bad), "drill", "--start-percentage", "0") == 0
    assert desk.start("--out", desk.out, rings=RINGS) == 0
    return desk


def out(desk: Staged) -> tuple[str, str]:
    return "--out", str(desk.out)


def test_devices_follow_a_rollout_to_its_recall(bare: Staged) -> None:
    desk = opened(bare)
    own, stranger = unit(desk, OWN), unit(desk, STRANGER)
    assert own.settles(NEW)
    assert stranger.looks(f"{NEW} is not for this device yet")

    assert desk.roll("widen", *out(desk)) == 0
    assert stranger.looks(f"{NEW} is not for this device yet")  # a growing share is small at first
    desk.now_s += 2 * DAY
    assert desk.roll("pause", *out(desk)) == 0
    assert stranger.looks(f"{NEW} is halted or recalled")  # though its time has come

    assert desk.roll("resume", *out(desk)) == 0
    assert stranger.looks(f"{NEW} is not for this device yet", 60) is False
    assert stranger.settles(NEW)

    assert desk.roll("recall", *out(desk)) == 0
    for one in (own, stranger):
        assert one.settles(OLD)
        assert one.looks("nothing")


def test_a_halt_reaches_a_device_in_one_file(bare: Staged) -> None:
    desk = opened(bare)
    before = {path: path.read_bytes() for path in desk.out.rglob("*") if path.is_file()}
    assert desk.roll("halt", *out(desk)) == 0
    after = {path: path.read_bytes() for path in desk.out.rglob("*") if path.is_file()}
    assert [path.name for path in after if before.get(path) != after[path]] == ["timestamp.json"]
    own = unit(desk, OWN)
    assert own.looks(f"{NEW} is halted or recalled") and own.confirmed(OLD)

    stamp = desk.out / "metadata" / "timestamp.json"
    halted = stamp.read_bytes()
    (old,) = [data for path, data in before.items() if path.name == "timestamp.json"]
    stamp.write_bytes(old)  # somebody on the way takes the halt back with what was signed before
    assert own.looks("event=hindered") and own.said("Rollback")
    stamp.write_bytes(halted.replace(b'"x-seesaw-halt":["0.3.0"]', b'"x-seesaw-halt":["0.3.9"]'))
    assert own.looks("event=hindered") and own.said("Unsigned")
    assert own.confirmed(OLD)


def test_a_share_that_nobody_signed_lets_nobody_in(bare: Staged) -> None:
    desk = opened(bare)
    metadata = desk.out / "metadata"
    path = max(metadata.glob(f"*.{BOARD}.json"), key=lambda one: int(one.name.split(".")[0]))
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"start_percentage":0', b'"start_percentage":9'))
    stranger = unit(desk, STRANGER)
    assert stranger.looks("event=hindered") and stranger.said("Mismatch")
    path.write_bytes(good)
    assert stranger.looks(f"{NEW} is not for this device yet")


@pytest.mark.parametrize("early", [5, "x", {}, None, [None]])
def test_a_malformed_ring_lets_nobody_in(bare: Staged, early: Any) -> None:
    desk = opened(bare)
    signed_anew(desk, BOARD, early=early)
    assert desk.publish() == 0
    own = unit(desk, OWN)
    wanted = "is not for this device yet" if early in (None, [None]) else "is malformed"
    assert own.looks(f"{NEW} {wanted}")


def test_a_device_that_fails_pauses_the_rollout_by_its_next_check(
    bare: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = opened(bare, bad=True)
    own = unit(desk, OWN, bad=True)
    assert own.looks("event=settled") and own.said(f"rejected {NEW}")
    own.run(300, until=lambda: "&f=" in own.asked[-1])
    assert {one.partition("&")[0] for one in own.asked} == {f"v={OLD}"}  # a trial says nothing
    desk.now_s += 3600
    log = desk.log([common(desk.now_s, one) for one in own.asked])
    capsys.readouterr()

    assert desk.roll("watch", log, "--json", *out(desk)) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["rolled_back"], facts["heard"], facts["stop"]) == (1, 1, "pause")
    assert facts["abort"] == RULE | {"abort_min": 1}
    other = unit(desk, OWN, bad=True)
    assert other.looks(f"{NEW} is halted or recalled") and other.confirmed(OLD)
