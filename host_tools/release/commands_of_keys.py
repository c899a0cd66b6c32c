"""`seesaw release init, rotate, renew`: the commands that make keys, or need the root's."""

import copy
import getpass
import os
import sys
from argparse import Namespace
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import Key, SSlibKey

from host_tools.errors import UserError
from host_tools.image import board as boards
from host_tools.image import files as disk
from host_tools.release import ceremony, keys, roles, rotation, trust_calendar
from host_tools.release.commands import Desk, now_of, say, sign_and_write, told, work
from host_tools.release.keys import KeyRing
from host_tools.release.rotation import Rotation

TEST_PAYLOAD = b"seesaw release: does this key sign?"


def init(arguments: Namespace) -> int:
    days = dict.fromkeys(roles.TOP_LEVEL, roles.LIFETIME_DAYS)
    if arguments.timestamp_days is not None:
        if not 0 < arguments.timestamp_days <= roles.LIFETIME_DAYS_MAX:
            why = f"{arguments.timestamp_days} is not 1 to {roles.LIFETIME_DAYS_MAX}"
            raise UserError("--timestamp-days", why, "leave it away for ten years")
        days[roles.TIMESTAMP] = arguments.timestamp_days
    folder, keys_folder = Path(arguments.dir), Path(arguments.keys)
    names = list(dict.fromkeys(arguments.board or boards.names()))
    for name in names:
        boards.load(name)
    born = ceremony.init(
        folder, keys_folder, names, arguments.kind, _new_passphrase(arguments), days,
        now_of(arguments),
    )  # fmt: skip
    lines = [f"{folder}: a release repository for {', '.join(names)}", "", "where each key lives:"]
    lines += [f"  {name:12} {path}\n  {'':12} {advice}" for name, path, advice in born.where]
    lines += [
        "",
        f"Copy the folders of {keys_folder} to those places, keep {keys.KEYS_FILE}, and bring a"
        " folder back when its keys are needed.",
        f"Devices trust {folder}/metadata/1.root.json: build it into their first image.",
    ]
    where = [{"key": name, "file": str(path), "place": text} for name, path, text in born.where]
    say(arguments, lines, {"repository": str(folder), "boards": names, "keys": where}, [])
    return 0


def _new_passphrase(arguments: Namespace) -> str:
    """For new key files: typed twice with --passphrase, else of the environment, else none."""
    if not arguments.passphrase:
        return os.environ.get(keys.PASSPHRASE, "")
    if phrase := os.environ.get(keys.PASSPHRASE, ""):
        return phrase
    if not sys.stdin.isatty():
        why = "nobody is here to type it"
        raise UserError("--passphrase", why, f"set {keys.PASSPHRASE} in the environment")
    phrase = getpass.getpass("passphrase of the new keys: ")
    if not phrase or phrase != getpass.getpass("the same again: "):
        raise UserError("--passphrase", "it was not the same twice", "try again")
    return phrase


def rotate(arguments: Namespace) -> int:
    phrase = _new_passphrase(arguments)
    public = _public(arguments)
    with work(arguments) as desk:
        before = copy.copy(desk.keys.entries)
        made = rotation.rotate(
            desk.state, arguments.role, desk.keys, replaced=arguments.replace or "",
            uri=arguments.key or "", public=public, kind=arguments.kind or "",
            everywhere=arguments.everywhere,
        )  # fmt: skip
        _try_out(desk.keys, made)
        _write_key(desk.keys, made, phrase)
        try:
            notes = sign_and_write(desk, made.change)
        except UserError:
            _forget(desk.keys, made, before)
            raise
        return _rotated(arguments, desk, made, notes)


def _rotated(arguments: Namespace, desk: Desk, made: Rotation, notes: list[str]) -> int:
    entry = made.entry
    where = desk.keys.folder / entry.path if entry.path else entry.uri
    lines = [f"{', '.join(made.rotated)}: {made.old} is replaced by {entry.name} ({where})"]
    if entry.path:
        lines.append(
            f"the new key belongs where the old one lived: {entry.place}; take the new"
            f" {keys.KEYS_FILE} to every machine that signs"
        )
    if not made.also:
        lines.append(f"once this is published, {made.old} is good for nothing: destroy it")
    if made.also:
        lines.append(
            f"warning: {made.old} still signs for {', '.join(made.also)}; if it is lost or stolen,"
            " rotate these too"
        )
    facts = {"rotated": made.rotated, "old": made.old, "new": entry.name, "still": made.also}
    return told(arguments, desk, [*lines, *notes], **facts)


def _public(arguments: Namespace) -> Key | None:
    """The public part of a key that is no file of ours."""
    if bool(arguments.key) != bool(arguments.public):
        why = "a key elsewhere needs its URI and its public part"
        raise UserError("--key, --public", why, "give both: --key hsm:... --public FILE.pem")
    if not arguments.key:
        return None
    try:
        return SSlibKey.from_crypto(load_pem_public_key(disk.read(Path(arguments.public))))
    except (ValueError, UnsupportedAlgorithm) as error:
        why = f"no public key in PEM ({error})"
        raise UserError(arguments.public, why, "give its SubjectPublicKeyInfo") from error


def _try_out(ring: KeyRing, made: Rotation) -> None:
    """A key that cannot sign must not get into a root."""
    keyid = made.entry.key.keyid
    try:
        made.entry.key.verify_signature(ring.signer(keyid).sign(TEST_PAYLOAD), TEST_PAYLOAD)
    except UnverifiedSignatureError as error:
        why = "what it signs does not verify with --public"
        raise UserError(f"key {made.entry.uri}", why, "give the public part of that key") from error


def _write_key(ring: KeyRing, made: Rotation, phrase: str) -> None:
    """The key is on the disk before anything relies on it."""
    if made.signer is not None:
        keys.write_private(ring.folder, made.entry, keys.pem_of(made.signer, phrase))
    try:
        keys.save(ring)
    except UserError:
        if made.signer is not None:
            (ring.folder / made.entry.path).unlink()
        raise


def _forget(ring: KeyRing, made: Rotation, before: dict[str, keys.Entry]) -> None:
    """Nothing relies on the new key: as if it had never been."""
    if made.signer is not None:
        (ring.folder / made.entry.path).unlink(missing_ok=True)
    ring.entries = before
    keys.save(ring)


def renew(arguments: Namespace) -> int:
    with work(arguments) as desk:
        rows = trust_calendar.rows(desk.state, None, desk.now_s)
        ending = trust_calendar.ending(rows, arguments.horizon)
        names = arguments.role or [row.what.removeprefix("role ") for row in ending]
        if not names:
            line = f"no role ends within {arguments.horizon} days; nothing is signed"
            say(arguments, [line], {"renewed": []}, desk.state.all_releases(), desk.ring)
            return 0
        lines = sign_and_write(desk, rotation.renew(desk.state, names))
        others = ", ".join(name for name in names if name != roles.TIMESTAMP)
        lines.insert(0, f"signed anew: {others}{', and ' if others else ''}timestamp")
        return told(arguments, desk, lines, renewed=names)
