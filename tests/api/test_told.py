"""What a device shows of itself when it is asked to, and how its last trial ended."""

import pytest
from caller import Caller, request
from led_rig import Lit
from phone import Script
from rig import BOARD

from host_tools.emulator.nvs import Nvs


def test_identify_nods_and_comes_back() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        yield from owner.wait(20)
        pulses = owner.device.board.pwm.pulses
        stood, count = pulses[-2][2], len(pulses)  # the last switches it off
        answer = yield from owner.put("/api/v1/action", {"action": "identify"})
        assert answer.status == 202
        assert answer.json == {"done": "its beam nods, and its light blinks"}
        yield from owner.wait(12)
        went = [ns for _, _, ns in pulses[count:] if ns]
        assert max(abs(ns - stood) for ns in went) > 15_000  # some of two degrees
        assert abs(went[-1] - stood) < 15_000

    owner.run(script())


def test_identify_blinks() -> None:
    owner = Caller()
    lit = Lit(owner.world)

    def script() -> Script:
        yield from owner.ready()
        assert not lit.blinked()
        answer = yield from owner.put("/api/v1/action", {"action": "identify"})
        assert answer.status == 202
        yield from owner.wait(5)
        assert lit.blinked()

    owner.run(script())


@pytest.mark.parametrize(("blob", "shown"), [
    (b'{"last": "rejected 0.3.0: left (8.14, 1)"}', "rejected 0.3.0: left (8.14, 1)"),
    (b"{", ""), (b"[]", ""), (b'{"last": 7}', ""),
])  # fmt: skip
def test_how_the_last_trial_ended_is_told(blob: bytes, shown: str) -> None:
    """In the updater's words, by API and page."""
    owner = Caller()
    place = BOARD.partition("nvs")
    Nvs.start(owner.world.flash, place.offset, place.size).set_blob("seesaw", "update", blob)

    def script() -> Script:
        yield from owner.ready()
        assert (yield from owner.fetch("/api/v1/status")).json["update"]["outcome"] == shown
        page = (yield from owner.ask(request("GET", "/"))).body
        assert f"<dt>Last trial of one<dd>{shown or 'none yet'}" in page

    owner.run(script())
