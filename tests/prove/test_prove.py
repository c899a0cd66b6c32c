"""`seesaw prove` as people run it: the healthy firmware, faulty trees, and what it refuses."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools import cli
from host_tools.image import bundle
from host_tools.prove import parts, runner
from host_tools.prove.runner import Result

SMALL = ["--scenario", "first-boot", "--scenario", "settings"]


def tree(folder: Path, *changes: tuple[str, str, str]) -> str:
    """A copy of the firmware with these changes: (file, old text, new text)."""
    copy = folder / "firmware"
    shutil.copytree(bundle.FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name, old, new in changes:
        text = (copy / name).read_text()
        assert old in text, f"{name} has no {old!r} any more: mend the test"
        (copy / name).write_text(text.replace(old, new))
    return str(copy)


def test_the_firmware_is_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole quick proof: every operation of an update, every world, the release matrix."""
    out, kept, explore = tmp_path / "proof.json", list[Result](), runner.explore

    def keeping(*given: Any) -> Iterator[Result]:
        for result in explore(*given):
            kept.append(result)
            yield result

    monkeypatch.setattr(runner, "explore", keeping)
    code = cli.main(["prove", "--json", str(out)])
    said = capsys.readouterr().out

    assert code == 0, said
    found = json.loads(out.read_text())
    assert found["verdict"] == "clean" and not found["causes"]
    assert found["totals"]["depth"] == 2
    by_name = {row["name"]: row for row in found["scenarios"]}
    for name in ("update", "next"):
        figures = by_name[name]["figures"]
        assert figures["operations"] > 1000 and figures["counted"] > 8000, name
        assert figures["runs"] >= figures["classes"] > 500
    assert len(by_name) > 120
    cuts_what_matters(next(one for one in kept if one.scenario == "update"))
    print(said.splitlines()[-1])


def cuts_what_matters(update: Result) -> None:
    phases = {step.phase for step in update.steps if step.cut}
    assert phases == {"boot", "data", "install", "record", "set_boot", "confirm"}
    assert not update.failures and not update.missing
    callers = {step.phase: step.caller.partition(":")[0] for step in update.steps}
    assert callers["confirm"] == "seesaw/judge.py"
    assert callers["boot"].endswith("bootloader.py")


def test_two_proofs_of_one_seed_are_the_same(tmp_path: Path) -> None:
    """Cuts, cuts of recoveries, and a world that the seed draws."""
    drawn = min(one.name for part in parts.parts(parts.Wanted()) for one in part.scenarios
                if one.name.startswith("mix_"))  # fmt: skip
    found = []
    for number in (1, 2):
        report = tmp_path / str(number)
        assert cli.main(["prove", *SMALL, "--scenario", drawn, "--report", str(report)]) == 0
        found.append((report / "evidence.json").read_bytes())
    assert found[0] == found[1]
    assert len(json.loads(found[0])["trace"]) == 64


def test_the_seed_draws_other_worlds(capsys: pytest.CaptureFixture[str]) -> None:
    drawn = [{one.name for part in parts.parts(parts.Wanted(seed=seed)) for one in part.scenarios
              if one.name.startswith("mix_")} for seed in (0, 0, 7)]  # fmt: skip
    assert drawn[0] == drawn[1] != drawn[2]
    (name, *_) = sorted(drawn[2] - drawn[0])
    assert cli.main(["prove", "--seed", "7", "--scenario", name]) == 0
    assert name in capsys.readouterr().out


FAULTY = {
    "deaf": ("seesaw/look.py", "async def look(updater) -> None:\n",
             "async def look(updater) -> None:\n    raise Nothing('later')\n\n\n"
             "async def unused(updater) -> None:\n"),
    "wrong": ("seesaw/update/install.py",
              '        raise InstallError("the bundle\'s hash is wrong")', "        pass"),
    "amnesia": ("seesaw/main.py", "    record = Record(store, random)\n",
                "    record = Record(store, random)\n    store._nvs.erase_key('config')\n"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "scenario"),
    [("deaf", "at-once"), ("wrong", "release-hash"), ("amnesia", "first-boot")],
)
def test_a_faulty_tree_is_found(
    verdict: str, scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = tree(tmp_path, FAULTY[verdict])
    code = cli.main(["prove", "--firmware", faulty, "--scenario", scenario, "--depth", "1"])
    said = capsys.readouterr().out

    assert code == 1, said
    assert f"\n{verdict}: " in said
    (line,) = [line for line in said.splitlines() if line.startswith("  seesaw replay '")]
    told = cli.main(["replay", "--firmware", faulty, line.split("'")[1]])
    assert told == 1
    assert verdict in capsys.readouterr().out


def test_a_release_that_is_not_accepted_is_not_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crashes = ("seesaw/app.py", "    async def run(self) -> None:\n",
               "    async def run(self) -> None:\n        raise ValueError\n")  # fmt: skip
    faulty = tree(tmp_path, crashes)
    assert cli.main(["prove", "--firmware", faulty, "--scenario", "update"]) == 2
    said = capsys.readouterr().out
    assert "nothing shown: did not reach confirm; ended by time, not updated: " in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prove", "--firmware", "/nowhere"], "holds no firmware"),
        (["prove", "--scenario", "nothing"], "scenario 'nothing': there is none"),
        (["prove", "--board", "toaster"], "toaster"),
        (["prove", "--candidate", "/nowhere"], "/nowhere"),
        (["replay", "rubbish;"], "rubbish"),
        (["replay", "nothing/install:1,before"], "nothing"),
        (["replay", "update/install:1,before@00000000"], "another release"),
        (["replay", "update/install:99999,before"], "99999"),
        (["zoo", "unicorn"], "unicorn"),
    ],
)
def test_what_cannot_be_run_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert words in error and error.startswith("seesaw: ") and error.count("\n") == 1


def test_a_tree_that_does_not_compile_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faulty = tree(tmp_path, ("seesaw/app.py", "async def run", "async deff run"))
    assert cli.main(["prove", "--firmware", faulty]) == 2
    assert "seesaw/app.py: does not compile" in capsys.readouterr().err


def test_running_out_of_time_is_not_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prove", *SMALL, "--limit", "0"]) == 2
    assert "ran out of time" in capsys.readouterr().out


def test_every_scenario_has_a_name_of_its_own() -> None:
    found = [one.name for part in parts.parts(parts.Wanted(full=True)) for one in part.scenarios]
    assert len(found) == len(set(found)) > 500
