"""`seesaw release rotate` and `renew`: every role, with devices at each older root."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from release_rig import BOARD, DAY, NOW, Desk, contents, device, release
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner
from tuf.api.metadata import Metadata, Root

from host_tools.release import place

ROLES = ["root", "targets", "snapshot", "timestamp", BOARD, "data"]


def root_of(desk: Desk, version: int) -> Root:
    return Metadata[Root].from_file(str(desk.repo / "metadata" / f"{version}.root.json")).signed


def keyids(desk: Desk, role: str) -> list[str]:
    """Of a role, as the newest metadata names them."""
    root = root_of(desk, len(desk.roots()))
    if role in root.roles:
        return list(root.roles[role].keyids)
    delegations = desk.role("targets").delegations
    assert delegations and delegations.roles
    return list(delegations.roles[role].keyids)


def names(desk: Desk) -> dict[str, str]:
    """keyid -> name, of keys.json."""
    found = json.loads((desk.keys / "keys.json").read_text())["keys"]
    return {row["keyid"]: name for name, row in found.items()}


@pytest.mark.parametrize("role", ROLES)
def test_devices_at_every_older_root_follow(desk: Desk, role: str) -> None:
    """As often as the role has keys, and once more: then none of the first is left."""
    assert desk.drill(release("0.2.0")) == 0
    first = keyids(desk, role)
    for number in range(len(first) + 1):
        before = keyids(desk, role)
        assert desk.run("rotate", role) == 0
        after = keyids(desk, role)
        assert after[:-1] == before[1:] and after[-1] not in before
        assert desk.drill(release(f"0.3.{number}")) == 0  # the new keys do the work
        for root in desk.roots():
            assert f"{BOARD}/0.3.{number}/bundle" in device(desk.repo, root).targets

    assert not set(first) & set(keyids(desk, role))
    assert len(desk.roots()) == (1 if role in (BOARD, "data") else len(first) + 2)


def test_every_role_after_every_other(desk: Desk) -> None:
    assert desk.drill(release("0.2.0")) == 0
    for role in [*ROLES, *reversed(ROLES)]:
        assert desk.run("rotate", role) == 0
        versions = {device(desk.repo, root).version for root in desk.roots()}
        assert versions == {desk.role().version}

    assert len(desk.roots()) == 9


def test_a_new_root_is_signed_by_old_and_new_thresholds(desk: Desk) -> None:
    for _ in range(3):
        assert desk.run("rotate", "root") == 0
    for version in (2, 3, 4):
        path = desk.repo / "metadata" / f"{version}.root.json"
        found = Metadata[Root].from_file(str(path))
        for root in (root_of(desk, version - 1), found.signed):
            root.verify_delegate("root", found.signed_bytes, found.signatures)


def test_the_replaced_key_can_be_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    old = names(desk)
    assert desk.run("rotate", "root", "--replace", "root-2") == 0
    out = capsys.readouterr().out
    assert "root-2 is replaced by root-4" in out and "safe-2" in out and "destroy" in out
    assert [names(desk)[one] for one in keyids(desk, "root")] == ["root-1", "root-3", "root-4"]
    assert (desk.keys / "safe-2" / "root-4.pem").stat().st_mode & 0o777 == 0o600
    assert old.items() < names(desk).items()

    assert desk.run("rotate", "root", "--replace", "root-2") == 2
    assert "choose from root-1, root-3, root-4" in capsys.readouterr().err


def test_a_key_leaves_every_role(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("rotate", "targets") == 0
    assert f"targets-1 still signs for esp32, {BOARD}" in capsys.readouterr().out
    assert desk.run("rotate", BOARD, "--everywhere", "--replace", "targets-1") == 0
    assert "still signs" not in capsys.readouterr().out
    stolen = next(keyid for keyid, name in names(desk).items() if name == "targets-1")
    newest = (desk.repo / "metadata" / "3.targets.json").read_text()

    assert stolen not in newest and stolen not in (desk.repo / "metadata/2.root.json").read_text()
    assert stolen in (desk.repo / "metadata" / "1.root.json").read_text()


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_role_changes_its_kind_of_key(desk: Desk, kind: str) -> None:
    assert desk.run("rotate", "timestamp", f"--{kind}") == desk.run("rotate", "timestamp") == 0
    root = root_of(desk, 3)

    assert [root.keys[one].keytype for one in root.roles["timestamp"].keyids] == [kind]
    assert device(desk.repo, desk.roots()[0]).version == 1


# -- lost keys ----------------------------------------------------------------------------------


def test_one_root_key_may_be_lost(desk: Desk) -> None:
    (desk.keys / "safe-1" / "root-1.pem").unlink()
    assert desk.run("rotate", "root", "--replace", "root-1") == 0
    (desk.keys / "safe-2" / "root-2.pem").unlink()
    assert desk.run("rotate", "root", "--replace", "root-2") == 0

    assert device(desk.repo, desk.roots()[0]).version == 1


def test_two_lost_root_keys_are_the_end_of_rotation(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("safe-1", "safe-3"):
        shutil.rmtree(desk.keys / name)
    before = contents(desk.folder)
    for role in ("root", "targets", "snapshot", "timestamp"):
        assert desk.run("rotate", role) == 2
        error = capsys.readouterr().err
        assert "role root: 2 of its 3 keys must sign, 1 are here" in error
        assert "root-1.pem" in error and "root-3.pem" in error
    assert contents(desk.folder) == before
    assert desk.drill(release("0.2.0")) == 0  # and all else goes on


def test_no_key_is_left_behind_by_a_rotation_that_failed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(desk.folder)

    def full(folder: Path, data: bytes) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place, "_write", full)
    assert desk.run("rotate", "timestamp") == 2
    assert "no space left on device" in capsys.readouterr().err
    assert contents(desk.folder) == before
    monkeypatch.undo()
    assert desk.run("rotate", "timestamp") == 0


def test_what_is_no_role_is_not_rotated(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    for role in ("esp9", "bundle", ""):
        assert desk.run("rotate", role) == 2
        assert "choose from root, targets, snapshot, timestamp" in capsys.readouterr().err


# -- keys elsewhere -----------------------------------------------------------------------------


class Vault(CryptoSigner):
    """A service that holds keys by name."""

    keys: dict[str, CryptoSigner] = {}

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Any, secrets_handler: Any) -> Any:
        return cls.keys[priv_key_uri.partition(":")[2]]


def public_pem(signer: CryptoSigner) -> bytes:
    key = serialization.load_pem_private_key(signer.private_bytes, None).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form)


def test_a_key_can_be_elsewhere(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SIGNER_FOR_URI_SCHEME, "testvault", Vault)
    Vault.keys = {"a": CryptoSigner.generate_ecdsa(), "b": CryptoSigner.generate_ecdsa()}
    file = desk.folder / "a.pem"
    file.write_bytes(public_pem(Vault.keys["a"]))
    words = ("rotate", "timestamp", "--public", file, "--key")
    before = contents(desk.repo)

    assert desk.run(*words, "testvault:b") == 2  # the public part of another key
    assert "does not verify with --public" in capsys.readouterr().err
    assert desk.run(*words, "testvault:c") == 2
    assert "timestamp-2: 'c'" in capsys.readouterr().err
    assert desk.run("rotate", "timestamp", "--key", "testvault:a") == 2
    assert "give both" in capsys.readouterr().err
    assert contents(desk.repo) == before
    assert desk.run(*words, "testvault:a") == 0
    assert desk.drill(release("0.2.0")) == 0
    assert device(desk.repo, desk.roots()[0]).version == 2
    assert "testvault:a" in (desk.keys / "keys.json").read_text()


# -- renew --------------------------------------------------------------------------------------


def test_what_ends_inside_the_horizon_is_signed_anew(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("renew") == 0
    assert "nothing is signed" in capsys.readouterr().out
    assert len(contents(desk.repo)) == 11
    desk.now_s = NOW + 2000 * DAY
    assert desk.run("renew") == 0
    assert "signed anew: " in capsys.readouterr().out
    assert desk.run("expiry", "--json") == 1  # of roots of TLS alone, which releases ship
    inside = json.loads(capsys.readouterr().out)["inside"]
    assert inside and all(what.startswith("shipped root ") for what in inside)
    assert len(desk.roots()) == 2 and desk.role("data").version == 2


@pytest.mark.parametrize(("names", "said"), [
    (["timestamp"], "timestamp"), (["snapshot", "timestamp"], "snapshot, and timestamp"),
    (["data"], "data, and timestamp"),
])  # fmt: skip
def test_what_is_signed_anew_is_named_once(
    desk: Desk, names: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("renew", *names) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"signed anew: {said}"


def test_a_repository_comes_back_after_everything_has_expired(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Devices that were in a drawer for ten years walk over an expired root."""
    assert desk.drill(release("0.2.0")) == desk.publish() == 0
    desk.now_s = NOW + 4000 * DAY
    assert desk.publish() == 2
    assert desk.run("renew", "timestamp") == 2  # the rest is still expired: nothing is written
    capsys.readouterr()
    assert desk.run("renew") == 0
    assert desk.publish() == 0
    assert desk.run("verify", desk.out, "--no-kept") == 0
    rows = capsys.readouterr().out.splitlines()

    assert any(row.split() == ["root", "1", "root", "2"] for row in rows)


def test_a_named_role_is_renewed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("renew", "data", "root") == 0
    assert (desk.role("data").version, desk.role().version, len(desk.roots())) == (2, 1, 2)
    assert desk.run("renew", "esp9") == 2
    assert "role 'esp9': there is none" in capsys.readouterr().err
