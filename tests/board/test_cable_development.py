"""A maker's device gets a tree by cable, says whom it trusts, and gets its release back."""

from dataclasses import replace

import cable_rig
import maker_rig
import pytest

from host_tools import cli


@pytest.fixture(scope="module")
def world():
    made = replace(maker_rig.release("0.1.0"), site=maker_rig.site("0.1.0"))
    with cable_rig.world(made) as around:
        yield around


def deployed(desk: cable_rig.Desk, *options: str) -> int:
    return cli.main(["deploy", "--port", desk.port.path, "--trial-s", "0", *options])


def test_a_tree_by_cable_and_the_makers_release_again(world: cable_rig.World, capsys):
    """Both prove themselves at the maker's server."""
    desk = world.desk()
    desk.wait_for(" root=maker sign=- why=")
    assert deployed(desk) == 0
    said = capsys.readouterr().out
    assert "trusts the development key too, which everybody has" in said
    assert "is confirmed in ota_1" in said and "slot=ota_1" in said
    desk.wait_for(" root=development sign=- why=")

    start = len(desk.text)
    assert deployed(desk) == 0  # again: it is enrolled already
    assert "development key" not in capsys.readouterr().out
    desk.wait_for(" root=development sign=- why=", start)

    start = len(desk.text)
    assert deployed(desk, "--release", str(maker_rig.zipped(maker_rig.release("0.1.0")))) == 0
    assert "0.1.0 is confirmed in ota_1" in capsys.readouterr().out
    desk.wait_for("slot=ota_1 version=0.1.0 root=maker sign=- why=", start)


def test_what_is_no_release_interrupts_nobody(capsys):
    command = ["deploy", "--port", "/dev/none", "--release", "none.zip"]
    assert cli.main(command) == 2
    assert "none.zip: there is none" in capsys.readouterr().err
    assert cli.main([*command, "--version", "1.0.0"]) == 2
    assert "not allowed with" in capsys.readouterr().err
