"""The plan of a rollout: what is refused, and that what is signed of it cannot be changed, left out
or contradicted."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from release_rig import BOARD
from seesaw.core.rollout import bucket
from staged_rig import NEW, OTHER, PLAN, RULE, Staged
from tuf.api.metadata import Metadata, Timestamp

from host_tools.errors import UserError
from host_tools.fleet.rule import Rule
from host_tools.release import change as changes
from host_tools.release import client, keys, listing, place
from host_tools.release import state as states
from host_tools.release.change import Change
from host_tools.rollout import plan as plans


def parsed(found: Any, version: str = NEW) -> plans.Plan:
    return plans.parse(json.dumps(found).encode(), "plan.json", version)


def with_ring(**changes: Any) -> dict[str, Any]:
    ring = {name: value for name, value in changes.items() if value is not None}
    return {**PLAN, "rings": [ring, PLAN["rings"][3]]}


WRONG: list[tuple[Any, str]] = [
    ([], "it is no object"),
    ({**PLAN, "format": 2}, "format is not 1"),
    ({**PLAN, "format": True}, "format is not 1"),
    ({**PLAN, "version": "0.2.0"}, "it is for '0.2.0'"),
    ({**PLAN, "more": 1}, "it has more"),
    ({"format": 1, "rings": PLAN["rings"]}, "it lacks abort"),
    ({**PLAN, "rings": []}, "rings is no list of 1 to 16"),
    ({**PLAN, "rings": [PLAN["rings"][0]] * 17}, "rings is no list of 1 to 16"),
    ({**PLAN, "rings": [PLAN["rings"][0]]}, "never comes to all"),
    ({**PLAN, "rings": PLAN["rings"][:3]}, "never comes to all"),
    ({**PLAN, "rings": PLAN["rings"][::-1]}, "rings of devices come before shares of all"),
    ({**PLAN, "rings": [*PLAN["rings"], {"name": "x", "start_percentage": 100}]},
     "'everyone' grows to all by itself, so it must be the last"),
    ({**PLAN, "rings": [{"name": "a", "start_percentage": 20}, PLAN["rings"][3]]},
     "'everyone' is smaller than the one before"),
    ({**PLAN, "rings": [PLAN["rings"][3]] * 2}, "two rings have the same name"),
    ({**PLAN, "rings": [*PLAN["rings"][:1], {"name": "b", "devices": ["240AC4000001"]},
                        PLAN["rings"][3]]}, "a device is in it twice"),
    (with_ring(name="a", devices=[f"{n:012x}" for n in range(65)]), "names 65 devices, 64 at most"),
    (with_ring(name="a", devices=["seesaw-a1b2c3"]), "'seesaw-a1b2c3' is no id of 12 hex digits"),
    (with_ring(name="a", devices=[-1]), "-1 is no id"),
    (with_ring(name="a", devices=[True]), "True is no id"),
    (with_ring(name="a", devices=[]), "devices is no list of ids"),
    (with_ring(name="a", devices=["240ac4000001"], duration_minutes=5), "more by themselves"),
    (with_ring(name="a", devices=["240ac4000001"], start_percentage=5), "either devices or"),
    (with_ring(name="a"), "either devices or start_percentage"),
    (with_ring(name="", start_percentage=5), "a ring's name"),
    (with_ring(name="x" * 25, start_percentage=5), "a ring's name"),
    (with_ring(name=5, start_percentage=5), "a ring's name"),
    (with_ring(start_percentage=5), "a ring lacks name"),
    (with_ring(name="a", start_percentage=0), "start_percentage is not 1 to 100"),
    (with_ring(name="a", start_percentage=1.5), "start_percentage is not 1 to 100"),
    (with_ring(name="a", start_percentage=101), "start_percentage is not 1 to 100"),
    (with_ring(name="a", start_percentage=5, barrier="x"), "a ring has barrier"),
    (with_ring(name="a", start_percentage=5, abort={"abort_min": 0}), "'a', abort: abort_min"),
    ({**PLAN, "abort": {"abort_percent": 0}}, "abort_percent is not above 0"),
    ({**PLAN, "abort": {"abort_percent": float("nan")}}, "abort_percent is not above 0"),
    ({**PLAN, "abort": {"abort_percent": "1"}}, "abort_percent is not above 0"),
    ({**PLAN, "abort": {"silent_percent": 101}}, "silent_percent is not above 0"),
    ({**PLAN, "abort": {"few_percent": 101}}, "few_percent is not above 0"),
    ({**PLAN, "abort": {"few_min": 0}}, "few_min is not 1"),
    ({**PLAN, "abort": {"silent_hours": 0}}, "silent_hours is not 1"),
    ({**PLAN, "abort": {"failed_percent": 1}}, "abort has failed_percent"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "why"), WRONG)
def test_what_is_no_plan(found: Any, why: str) -> None:
    with pytest.raises(UserError, match="no plan of 0.3.0: ") as raised:
        parsed(found)
    assert why in str(raised.value)


@pytest.mark.parametrize("text", [
    b"", b"{", b"\xff", b'{"format": 1, "format": 1}', b"[" * 50_000, b" " * 70_000,
    b'{"format": ' + b"9" * 5000 + b"}",
])  # fmt: skip
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(UserError, match="no plan of 0.3.0: "):
        plans.parse(text, "plan.json", NEW)


def test_the_example_of_the_documentation_is_one() -> None:
    text = (Path(__file__).parents[2] / "host_tools" / "README.md").read_text("utf-8")
    start = text.index('    {"format": 1,\n     "rings"')
    plan = plans.parse(text[start : text.index("\n\n", start)].encode(), "README", NEW)

    assert [ring.name for ring in plan.rings][0] == "own units" and len(plan.rings) == 4
    assert plan.rings[-1].abort == Rule() and plan.rings[0].abort.abort_min == 1


def test_a_plan_is_kept_whole() -> None:
    plan = parsed(PLAN)
    again = plans.parse(plans.kept(plan), "plans/x.json", NEW)

    assert again == plans.Plan(NEW, tuple(
        plans.Ring(ring.name, tuple(sorted(ring.devices)), ring.start_percentage,
                   ring.duration_minutes, ring.abort) for ring in plan.rings
    ))  # fmt: skip
    assert plans.kept(again) == plans.kept(plan)
    assert plan.rings[0].abort.abort_min == RULE["abort_min"]


@given(st.binary(min_size=6, max_size=6), st.sampled_from(["1.0", "2.0.0-rc1"]))
def test_a_device_knows_its_number(device: bytes, version: str) -> None:
    number = listing.number_of(device, version)

    assert bucket(device, version, [number]) == -1
    assert bucket(device, version, [number ^ 1]) == number % 10_000


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["name", "devices", "start_percentage", "duration_minutes", "abort"]),
        inner),
    max_leaves=8,
)  # fmt: skip


@given(junk, st.sampled_from(["rings", "abort", "format", "version", 0, 1, 3]))
@settings(max_examples=300, deadline=None)
def test_no_nonsense_raises_anything_else(value: Any, where: Any) -> None:
    found: Any = copy.deepcopy(PLAN)
    if isinstance(where, int):
        found["rings"][where] = value
    else:
        found[where] = value
    try:
        plan = parsed(found)
    except UserError:
        return
    assert plan.rings[-1].duration_minutes or plan.rings[-1].start_percentage == 100
    assert plans.parse(plans.kept(plan), "kept", NEW).rings[-1] == plan.rings[-1]


# -- what is signed ------------------------------------------------------------------------------

VERBS = ("widen", "resume", "status")


def refused(desk: Staged, capsys: pytest.CaptureFixture[str], *verbs: str) -> str:
    """The error of each verb is the same, and nothing has changed."""
    errors = set()
    before = desk.all_files()
    for verb in verbs or VERBS:
        capsys.readouterr()
        assert desk.roll(verb) == 2
        errors.add(capsys.readouterr().err)
        assert desk.all_files() == before
    (error,) = errors
    return str(error)


def kept_plan(desk: Staged) -> Path:
    (path,) = (desk.repo / "plans").iterdir()
    return path


def test_a_plan_that_was_changed_is_refused(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    path = kept_plan(ring2)
    path.write_bytes(path.read_bytes().replace(b'"abort_percent": 10', b'"abort_percent": 99'))
    assert "not the plan that was signed" in refused(ring2, capsys)
    path.unlink()
    assert "it is missing" in refused(ring2, capsys)
    lines = ring2.bad(50, at_s=ring2.now_s + 60)
    assert ring2.roll("watch", ring2.log(lines)) == 2 and ring2.halted() == []
    assert ring2.roll("halt") == 0  # which needs no plan


def test_a_role_that_nobody_signed_is_refused(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = ring2.repo / "metadata"
    path = max(metadata.glob(f"*.{BOARD}.json"), key=lambda one: int(one.name.split(".")[0]))
    data = path.read_bytes()
    assert b'"start_percentage":0' in data
    path.write_bytes(data.replace(b'"start_percentage":0', b'"start_percentage":9'))
    before = ring2.all_files()
    for verb in (*VERBS, "pause", "halt", "recall"):
        capsys.readouterr()
        assert ring2.roll(verb) == 2
        assert "not the file that was signed" in capsys.readouterr().err
        assert ring2.all_files() == before


def signed_anew(desk: Staged, board: str, **rollout: Any) -> None:
    """As somebody with the keys would, past the tool. None: without the field."""
    ring = keys.load(desk.keys)
    state = states.load(client.reader(desk.repo), "here")
    change = Change()
    target = change.edit(state, board).targets[f"{board}/{NEW}/bundle"]
    found = target.unrecognized_fields["custom"]["rollout"]
    found |= rollout
    for name in [name for name, value in rollout.items() if value is None]:
        del found[name]
    place.put(desk.repo, list(changes.commit(state, change, ring, desk.now_s).items()))


CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"start_percentage": 50}, "its share is not that of 'test owners'"),
    ({"duration_minutes": 60}, "its share is not that of 'test owners'"),
    ({"ring": 7}, "its plan has no ring 7"),
    ({"ring": -1}, "its plan has no ring -1"),
    ({"ring": 0}, "other devices are named than those of 'own units'"),
    ({"early": [1, 2, 3]}, "other devices are named than those of 'test owners'"),
    ({"early": None}, "other devices are named than those of 'test owners'"),
    ({"ring": None}, "it lacks a number"),
    ({"since": "x"}, "it lacks a number"),
    ({"start_epoch": 10**15}, "a number is beyond all bounds"),
    ({"since": -1}, "a number is beyond all bounds"),
    ({"plan": "../../keys/keys"}, "it is missing"),
    ({"plan": 5}, "it is missing"),
]


@pytest.mark.parametrize(("rollout", "why"), CONTRADICTIONS)
def test_what_contradicts_itself_changes_nothing(
    ring2: Staged, rollout: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_anew(ring2, BOARD, **rollout)
    signed_anew(ring2, OTHER, **rollout)

    assert why in refused(ring2, capsys)


def test_boards_that_contradict_each_other_change_nothing(
    ring2: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_anew(ring2, OTHER, start_percentage=50)
    assert f"{OTHER} is rolled out otherwise than {BOARD}" in refused(ring2, capsys)
    assert ring2.roll("halt") == ring2.start() == 0  # the way out that the error names
    assert ring2.signed() == ring2.signed(OTHER)


def test_a_plan_of_another_version_is_refused(
    desk: Staged, capsys: pytest.CaptureFixture[str]
) -> None:
    before = desk.all_files()
    shutil.copy(desk.plan(version="0.2.9"), desk.folder / "old.json")
    desk.plan().unlink()
    before = desk.all_files()
    assert desk.roll("start", "--plan", desk.folder / "old.json") == 2
    assert "it is for '0.2.9'" in capsys.readouterr().err
    assert desk.all_files() == before


REFUSALS: list[tuple[str, Callable[[Staged], object]]] = [
    ("no such file", lambda desk: (desk.plan().unlink(), desk.folder / "plan.json")[1]),
    ("cannot be read", lambda desk: desk.folder),
]


@pytest.mark.parametrize("case", REFUSALS, ids=[name for name, _ in REFUSALS])
def test_a_plan_that_cannot_be_read(
    desk: Staged, case: tuple[str, Callable[[Staged], object]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = case[1](desk)
    assert desk.roll("start", "--plan", path) == 2
    assert str(path) in capsys.readouterr().err


def signed_stops(desk: Staged, stops: Any) -> None:
    """A timestamp that says this of its halts, signed with the online key."""
    path = desk.repo / "metadata" / "timestamp.json"
    timestamp: Metadata[Timestamp] = Metadata.from_bytes(path.read_bytes())
    timestamp.signed.unrecognized_fields["x-seesaw-stops"] = stops
    ring = keys.load(desk.keys)
    state = states.load(client.reader(desk.repo), "here")
    (keyid,) = state.root.signed.roles["timestamp"].keyids
    timestamp.sign(ring.signer(keyid))
    path.write_bytes(timestamp.to_bytes())


@pytest.mark.parametrize("stops", [
    None, [], "x", {NEW: None}, {NEW: 5}, {NEW: {"kind": 5, "since": "x", "why": []}},
    {NEW: {"since": 10**15}}, {NEW: {"since": -1}}, {"0.9": {"kind": "pause"}}, {NEW: {}},
])  # fmt: skip
def test_of_a_halt_whose_row_is_nonsense_nothing_is_known_but_that_it_is_one(
    ring2: Staged, stops: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ring2.roll("pause") == 0
    signed_stops(ring2, stops)
    capsys.readouterr()
    assert ring2.roll("status", "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)["rollouts"]
    assert one["stop"] == {"kind": "halt", "since": 0, "why": ""} and one["stands"] == "halted"
    assert ring2.roll("resume") == 0 and ring2.halted() == []
