"""Ids of counterexamples: written, read, refused, and shrunk to the ones worth a look."""

import pytest

from host_tools.errors import UserError
from host_tools.prove import ids
from host_tools.prove.ids import Cut, Id, parse
from host_tools.prove.runner import Failure
from host_tools.prove.scenarios import CORE
from host_tools.prove.subject import BRICK, DEAF, OK, Verdict

WHOLE = "update/install:17,prefix:1;set_boot:0,after@0123abcd"


def test_an_id_reads_as_it_was_written() -> None:
    found = parse(WHOLE)

    assert found == Id(
        "update", (Cut("install", 17, "prefix:1"), Cut("set_boot", 0, "after")), "0123abcd"
    )
    assert str(found) == WHOLE
    assert str(parse("first-boot")) == "first-boot"
    assert str(parse("update/boot:1,mix:0")) == "update/boot:1,mix:0"


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "no name of a scenario"),
        ("up date/boot:1,after", "no name of a scenario"),
        ("update/", "'' is no cut"),
        ("update/boot:1", "'boot:1' is no cut"),
        ("update/boot:x,after", "is no cut"),
        ("update/boot:-1,after", "is no cut"),
        ("update/boot:1,after;", "'' is no cut"),
        ("update/boot:1,after@12", "8 hex digits"),
        ("update/boot:1,after@0123ABCD", "8 hex digits"),
        ("update/boot:١,after", "is no cut"),
        ("update/" + ";".join(["boot:1,after"] * 17), "17 cuts, at most 16"),
        ("\x1b[2J/boot:1,after", "no name of a scenario"),
    ],
)
def test_what_is_no_id_is_refused_in_one_line(typed: str, complaint: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(typed)

    assert complaint in str(refused.value) and ids.FORM in str(refused.value)
    assert str(refused.value).isprintable()


def test_an_id_of_another_release_or_scenario_is_refused() -> None:
    with pytest.raises(UserError, match="of another release: this one is ffff0000"):
        ids.scenario_of(parse(WHOLE), CORE, "ffff0000" * 8)
    with pytest.raises(UserError, match="no scenario 'upsdate'; there are first-boot, update"):
        ids.scenario_of(parse("upsdate/boot:1,after"), CORE, "")
    assert ids.scenario_of(parse(WHOLE), CORE, "0123abcd" * 8).name == "update"
    assert ids.stamped("update", "0123abcd" * 8) == "update@0123abcd"


def failure(name: str, verdict: str = BRICK, caller: str = "a.py:1") -> Failure:
    return Failure(name, Verdict(verdict), caller)


def test_failures_are_grouped_and_the_mildest_stands_for_them() -> None:
    causes = ids.shrink([
        failure("update/boot:3,after;boot:0,after"),
        failure("update/boot:4,bits:0"),
        failure("update/boot:4,prefix:1"),
        failure("update/boot:4,before"),
        failure("update/boot:5,after"),
        failure("update/boot:4,bits:1", DEAF),
        failure("update/boot:4,hole:0", BRICK, "b.py:2"),
    ])  # fmt: skip

    assert [cause.first.id for cause in causes] == [
        "update/boot:4,before", "update/boot:4,bits:1", "update/boot:4,hole:0",
    ]  # fmt: skip
    assert [len(cause.ids) for cause in causes] == [5, 1, 1]


def test_a_cut_that_is_not_needed_is_dropped() -> None:
    asked = []

    def again(found: Id) -> Verdict:
        asked.append(str(found))
        if found.cuts and found.cuts[0].phase == "heal":
            raise UserError("heal", "no such phase here", "-")
        return Verdict(BRICK if any(cut.phase == "boot" for cut in found.cuts) else OK)

    (cause,) = ids.shrink([failure("update/install:1,after;boot:0,after;heal:2,before")], again)

    assert cause.first.id == "update/boot:0,after"
    assert "update" in asked
    assert cause.ids == ("update/install:1,after;boot:0,after;heal:2,before",)


def test_groups_that_come_to_the_same_are_one() -> None:
    found = [failure("update/boot:0,after"), failure("update/boot:1,after", BRICK, "b.py:2")]
    (cause,) = ids.shrink(found, lambda found: Verdict(BRICK))

    assert cause.first.id == "update" and len(cause.ids) == 2
