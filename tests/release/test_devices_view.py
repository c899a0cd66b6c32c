"""What this tool publishes, taken by the device's own client: the firmware's modules, over HTTP, on
CPython and on the MicroPython VM, with every kind of key and after every rotation."""

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from release_rig import BOARD, DAY, NOW, Desk, bundle_of, release, runtime_of, served
from seesaw.update import metadata

from host_tools import cli
from host_tools.release import roles, tuf_client

KINDS = ["ed25519", "ecdsa", "rsa"]


@pytest.fixture(params=["cpython", "micropython"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(tuf_client.VM, request.param)
    monkeypatch.setattr(tuf_client, "time", SimpleNamespace(time=lambda: NOW + 2 * DAY))
    monkeypatch.setattr(tuf_client, "subprocess", SimpleNamespace(run=on_vm))
    return str(request.param)


def on_vm(command: list[str], **more: Any) -> subprocess.CompletedProcess:
    """subprocess.run, with the words in the script: the VM takes no argument of 256 bytes, and the
    paths of tests are long."""
    at = command.index("-c")
    script, *words = command[at + 1 :]
    text = f"import sys\nsys.argv[1:] = {words!r}\n{script}"
    return subprocess.run([*command[: at + 1], text], check=False, **more)


def device(home: Path, url: str, command: str, *words: object) -> int:
    """The device's client; its exit code."""
    options = ["--metadata-dir", str(home / "metadata"), "--metadata-url", f"{url}/metadata"]
    options += ["--target-dir", str(home / "targets"), "--target-base-url", f"{url}/targets"]
    return tuf_client.main([*options, command, *(str(word) for word in words)])


def fetched(home: Path) -> set[bytes]:
    return {path.read_bytes() for path in (home / "targets").iterdir()}


def take(home: Path, url: str, version: str) -> int:
    paths = (f"{BOARD}/{version}/bundle", f"{BOARD}/{version}/runtime")
    names = [word for path in paths for word in ("--target-name", path)]
    return device(home, url, "download", *names)


def test_what_a_device_takes_is_what_we_write() -> None:
    assert roles.LENGTH_MAX == metadata.LENGTH_MAX


@pytest.mark.parametrize("kind", KINDS)
def test_a_release_reaches_a_device(tmp_path: Path, engine: str, kind: str) -> None:
    desk = Desk(tmp_path)
    line = ["release", "init", str(desk.repo), "--keys", str(desk.keys), f"--{kind}"]
    assert cli.main([*line, "--now", str(NOW)]) == 0
    made = desk.mine(release("0.2.0"))
    assert desk.drill(made) == desk.publish() == 0
    with served(desk.out) as url:
        assert device(tmp_path, url, "init", desk.repo / "metadata" / "1.root.json") == 0
        assert take(tmp_path, url, "0.2.0") == 0
        assert fetched(tmp_path) == {bundle_of(made), runtime_of(made)}
        assert take(tmp_path, url, "0.3.0") == 1  # there is none yet


def test_a_device_follows_every_rotation(desk: Desk, tmp_path: Path, engine: str) -> None:
    """One that looked before each of them, and one that sleeps through them all."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    awake, asleep = tmp_path / "awake", tmp_path / "asleep"
    with served(desk.out) as url:
        for home in (awake, asleep):
            assert device(home, url, "init", desk.repo / "metadata" / "1.root.json") == 0
        for role in ("timestamp", "snapshot", "root", "targets", BOARD):
            assert device(awake, url, "refresh") == 0
            assert desk.run("rotate", role) == desk.publish() == 0
        assert desk.drill(release("0.3.0")) == desk.publish() == 0
        for home in (awake, asleep):
            assert take(home, url, "0.3.0") == 0
            assert bundle_of(release("0.3.0")) in fetched(home)
            newest = desk.roots()[-1]
            assert (home / "metadata" / "root.json").read_bytes() == newest


def test_a_device_refuses_what_we_did_not_sign(desk: Desk, tmp_path: Path, engine: str) -> None:
    """The client of these tests can fail."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    path = desk.out / "metadata" / "timestamp.json"
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"x-seesaw-halt":[]', b'"x-seesaw-halt":[""]'))
    with served(desk.out) as url:
        assert device(tmp_path, url, "init", desk.repo / "metadata" / "1.root.json") == 0
        assert device(tmp_path, url, "refresh") == 1
        assert not (tmp_path / "metadata" / "timestamp.json").exists()
        path.write_bytes(good)
        assert device(tmp_path, url, "refresh") == 0
        assert (tmp_path / "metadata" / "timestamp.json").read_bytes() == good
