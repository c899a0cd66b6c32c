"""A counterexample run again ends as it did in the proof, and says what happened."""

import json

import planted
import pytest

from host_tools.errors import UserError
from host_tools.prove import ids, replay
from host_tools.prove.ids import parse
from host_tools.prove.runner import Failure
from host_tools.prove.seesaw import Seesaw
from host_tools.prove.story import Story
from host_tools.prove.subject import DEAF


def told(typed: str, faulty: bool = False) -> Story:
    subject = planted.stubborn() if faulty else planted.healthy()
    return replay.tell(subject, parse(typed), planted.SCENARIOS, planted.PLAN)


def ends_as_in_the_proof(subject: Seesaw, failures: list[Failure]) -> None:
    release = ids.fingerprint(subject)
    scenarios = [*planted.SCENARIOS, planted.HASTY]
    for one in failures:
        story = replay.tell(subject, parse(one.id), scenarios, planted.PLAN, release)
        assert (one.id, story.verdict) == (one.id, one.verdict)
        assert story.id == f"{one.id}@{release[:8]}"


def test_every_failure_ends_again_as_it_did() -> None:
    failures = [one for result in planted.proved(faulty=True) for one in result.failures]

    assert len(failures) > 5 and {one.verdict.name for one in failures} == {DEAF}
    ends_as_in_the_proof(planted.stubborn(), failures)


def test_every_failure_of_a_second_cut_ends_again_as_it_did() -> None:
    failures = planted.prove(planted.hasty(), planted.HASTY).failures

    assert sum(";confirm:" in one.id for one in failures) > 5
    ends_as_in_the_proof(planted.hasty(), failures)


def test_the_story_of_two_cuts() -> None:
    story = told("update/set_boot:1,prefix:4;boot:0,after")
    text = "\n".join(replay.text(story))

    assert story.verdict.ok and len(story.runs) == 3
    assert [run.cut.step for run in story.runs if run.cut] == [
        "set_boot:1,prefix:4",
        "boot:0,after",
    ]
    assert "boot: otadata: entry 0 blank, entry 1 blank" in text  # the bootloader, and why
    assert "record:0 program" in text and "(nvs)" in text and "seesaw/update/record.py:" in text
    assert "reset machine.reset()" in text
    assert "    | seesaw event=offer slot=ota_0" in text
    assert "POWER CUT at set_boot:1,prefix:4: program 0x00e000 (otadata) 32 bytes" in text
    assert text.splitlines()[-1].startswith("verdict: ok (")


def test_what_a_cut_left_is_shown_in_bytes() -> None:
    torn = told("update/set_boot:1,prefix:1").runs[0].cut
    assert torn is not None
    before, intended, left = (bytes.fromhex(data) for _, data in torn.dump)

    assert before == b"\xff" * 32
    assert intended[:4] == left[:4] == b"\x02\0\0\0"
    assert left[4:] == b"\xff" * 28 != intended[4:]
    assert torn.words.endswith(" bits were changed")
    erased = told("update/set_boot:0,weak").runs[0].cut
    assert erased is not None and erased.dump == []


def test_programs_in_a_row_are_one_line_with_a_count() -> None:
    lines = [line.text for run in told("update/set_boot:0,after").runs[:1]
             for boot in run.boots for line in boot.lines if line.kind == "op"]  # fmt: skip
    installed = [line for line in lines if line.startswith("install:")]

    assert 2 <= len(installed) <= 6 and len(lines) < 40
    assert any(" x erase, " in line and " x program " in line for line in installed)


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("update/nonsense:0,after", "the scenario has no phase 'nonsense'; it has boot, data"),
        ("update/set_boot:2,after", "there are set_boot:0 to set_boot:1"),
        ("update/set_boot:0,bits:0", "no tear 'bits:0'; there are before, half"),
        ("update/set_boot:1,weak", "no tear 'weak'; there are before, prefix:1"),
        ("update/set_boot:1,after;heal:0,after", "recovery 1 has no phase 'heal'"),
        ("update@00000000", "of another release"),
        ("elsewhere", "no scenario 'elsewhere'"),
    ],
)
def test_what_there_is_not_is_named(typed: str, complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        told(typed)

    assert complaint in str(refused.value)


def test_show_answers_with_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = planted.healthy(), planted.stubborn()

    assert replay.show(good, "first-boot", planted.SCENARIOS, planted.PLAN, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"]["name"] == "ok" and found["runs"][0]["boots"][0]["log"]
    assert replay.show(bad, "update", planted.SCENARIOS, planted.PLAN) == 1
    assert "verdict: deaf: " in capsys.readouterr().out
