"""Rows of the zoo that other faults could be mistaken for: each is caught for its own reason."""

from functools import cache
from typing import Any

import pytest

from host_tools.emulator import micro_tls
from host_tools.emulator.clock import VirtualClock
from host_tools.emulator.net import Connection, Net
from host_tools.emulator.os_error import MicroOSError
from host_tools.errors import UserError
from host_tools.image import filesystem
from host_tools.prove import runner, zoo
from host_tools.prove.scenario import Scenario
from host_tools.prove.subject import Live, Subject

# What the device says as the fault strikes.
SAID = {
    "root-expired": "certificate is not correctly signed by the trusted CA",
    "updater-certificate-expires": "the certificate of this updater has expired",
    "second-handshake": "MBEDTLS_ERR_SSL_ALLOC_FAILED",
    "resume-offset": "not what was signed",
    "data-partition-formatted": "state=SETUP",
    "data-of-the-new-driver": "OSError: [Errno 22] EINVAL",
    "long-name-cut": "state=OFFLINE",
    "past-2038": "the clock is not set",
    "newer-disk-version": "somebody has turned the clock back",
}


# What the proof says of it, where the device itself sees nothing wrong; and seconds until then.
TROUBLE = {
    "a-key-a-boot": (1800, "keys in NVS"),
    "hammers-updates": (300, "asked for updates"),
}


@cache
def rows() -> dict[str, zoo.Row]:
    return {one.name: one for one in zoo.load()[0]}


def lived(device: Subject, scenario: Scenario, seconds: int) -> Live:
    """Once more, to listen."""
    live = device.start(runner.prepare(device, scenario), runner.wanted(device, scenario.world))
    live.device.run(seconds, until=runner.stop_when(live, scenario, device))
    return live


@pytest.mark.parametrize("name", SAID)
def test_it_is_the_fault_that_strikes(name: str) -> None:
    row = rows()[name]
    (scenario,) = row.scenarios
    faulty = lived(zoo.subject(row), scenario, 120)
    sound = lived(zoo.subject(row, faulty=False), scenario, 600)

    assert any(SAID[name] in line for line in faulty.lines), faulty.lines[-5:]
    assert not any(SAID[name] in line for line in sound.lines)
    assert sound.updated("0.3.0") and not faulty.updated("0.3.0")


@pytest.mark.parametrize("name", TROUBLE)
def test_it_is_the_right_budget_that_is_spent(name: str) -> None:
    row, (seconds, words) = rows()[name], TROUBLE[name]
    (scenario,) = row.scenarios
    found = lived(zoo.subject(row), scenario, seconds).trouble()

    assert found and found[0] == row.verdict and words in found[1]
    assert lived(zoo.subject(row, faulty=False), scenario, seconds).trouble() is None


def test_mixed_versions_are_seen_by_one_cut_and_the_other_folder_has_none() -> None:
    row = rows()["file-by-file"]
    found = zoo.examine(row)

    assert zoo.right(row, found) and "has no attribute 'reading_2'" in found.words
    assert not any(zoo.clean(one).verdict for one in zoo.budget([row]))


def test_a_good_release_reaches_the_whole_fleet() -> None:
    """And the row of the fleet is caught by the share that it fails alone."""
    rolled_out = rows()["fifteen-percent"].build.__globals__["rolled_out"]
    found: dict[str, Any] = rolled_out(0)

    assert not found["stopped"] and found["reached"] > 0.99 * found["devices"]
    with pytest.raises(UserError):
        rolled_out(15)


def test_a_connection_that_is_closed_or_forgotten_leaves_its_room() -> None:
    net = Net(VirtualClock(), lambda: True)
    room = micro_tls.Room(1)
    kept = Connection(net, None)
    room.take(kept)
    with pytest.raises(MicroOSError, match="ALLOC_FAILED"):
        room.take(Connection(net, None))
    kept.close()
    forgotten = Connection(net, None)
    room.take(forgotten)
    del forgotten
    room.take(Connection(net, None))


def test_a_file_system_of_a_newer_driver_is_whole_and_not_ours() -> None:
    image = filesystem.build({}, 4096, 16)
    made = filesystem.newer(image, 4096)

    assert made != image and filesystem.read(image, 4096) == {}
    with pytest.raises(filesystem.LittleFSError) as told:
        filesystem.read(made, 4096)
    assert told.value.code == -22  # its version; a wrong CRC would be -84
