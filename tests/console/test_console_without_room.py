"""A factory reset for which NVS has no room: it says so, and the seesaw goes on."""

from test_console import OWNERS, Person, Script, lines

from host_tools.emulator.os_error import MicroOSError


def full(*blob: object) -> None:
    raise MicroOSError(-4357, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")


def test_a_factory_reset_that_finds_no_room_leaves_a_beam_that_moves() -> None:
    person = Person(**OWNERS, poll_s=5)
    before = person.blobs()["config"]

    def script() -> Script:
        person.device.board.calls["nvs_set_blob"] = full
        yield from lines("factory-reset", "yes", "forget")(person)
        at = len(person.device.board.pwm.pulses)
        yield from person.type("selftest")
        yield from person.wait(15)
        assert len(person.device.board.pwm.pulses) > at

    text = person.run(script())
    assert "nothing was forgotten: NVS has no room" in text
    assert person.blobs()["config"] == before and person.follows()
    assert "beam      ok" in text
    assert person.world.events == ["boot ota_0 cause 1"]
