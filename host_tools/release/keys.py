"""The keys of a release repository: a folder for each place where keys should live, and keys.json.

keys.json lists every key by name: its public part, its place, and a signer URI of securesystemslib
('file2:PATH' is a PKCS8 PEM file, relative to the folder; 'hsm:...', 'awskms:...' and so on are
passed on). A place may be a mount point: a key that is not here is just missing. The private parts
stay in their files and are read when something is to be signed.
"""

import getpass
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from securesystemslib.signer import SIGNER_FOR_URI_SCHEME, CryptoSigner, Key, Signer, SSlibKey

from host_tools.errors import UserError
from host_tools.image import files as disk
from host_tools.release import roles

FORMAT = 1
KEYS_FILE = "keys.json"
PASSPHRASE = "SEESAW_KEY_PASSPHRASE"  # of the environment
FILE_SCHEME = "file2"
PRIVATE_MODE = 0o600
KEYS_MAX = 200
KEYS_FILE_MAX = 1 << 20  # bytes
MAKERS = {
    "ed25519": CryptoSigner.generate_ed25519,
    "ecdsa": CryptoSigner.generate_ecdsa,
    "rsa": CryptoSigner.generate_rsa,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One key. until: 'YYYY-MM-DD' for a key that ends, as one of a service may, else ''."""

    name: str
    place: str
    uri: str
    key: Key
    until: str = ""

    @property
    def path(self) -> str:
        """The private key's file as the URI names it, '' for a key that is no file."""
        scheme, _, path = self.uri.partition(":")
        return path if scheme == FILE_SCHEME else ""


@dataclass
class KeyRing:
    """What keys.json says. days: lifetime of what root, targets, snapshot and timestamp sign.

    warnings: what to tell people once, such as a key file that others can read.
    """

    folder: Path
    entries: dict[str, Entry]
    days: dict[str, int]
    ask: Callable[[str], str] | None = None
    warnings: list[str] = field(default_factory=list)
    _signers: dict[str, Signer] = field(default_factory=dict)

    def named(self, keyid: str) -> str:
        """The key's name for people."""
        entry = self.of(keyid)
        return entry.name if entry else f"key {keyid[:8]}"

    def of(self, keyid: str) -> Entry | None:
        return next((one for one in self.entries.values() if one.key.keyid == keyid), None)

    def missing(self, keyid: str) -> str:
        """Why this key cannot sign here, '' when it is at hand."""
        entry = self.of(keyid)
        if not entry:
            return f"{self.named(keyid)} is not in {self.folder / KEYS_FILE}"
        path = self.folder / entry.path
        if entry.path and keyid not in self._signers and not path.exists():
            return f"{entry.name} is missing ({path})"
        return ""

    def signer(self, keyid: str) -> Signer:
        """Read a private key. UserError when it is missing, locked, or another one."""
        if keyid not in self._signers:
            why = self.missing(keyid)
            entry = self.of(keyid)
            if why or entry is None:
                raise UserError(f"key {keyid[:8]}", why, f"bring it to {self.folder}")
            self._signers[keyid] = self._file(entry) if entry.path else self._elsewhere(entry)
        return self._signers[keyid]

    def add(self, entry: Entry, signer: Signer) -> None:
        self.entries[entry.name] = entry
        self._signers[entry.key.keyid] = signer

    def free_name(self, stem: str) -> str:
        """'targets-3' for 'targets' when two of them are, or have been, there."""
        numbers = [
            int(number)
            for name in self.entries
            for kind, _, number in [name.rpartition("-")]
            if kind == stem and number.isdecimal()
        ]
        return f"{stem}-{max(numbers, default=0) + 1}"

    def _file(self, entry: Entry) -> Signer:
        path = self.folder / entry.path
        pem = disk.read(path)
        mode = path.stat().st_mode & 0o777
        if mode & 0o077:
            self.warnings.append(
                f"{path}: others on this machine can read this private key (mode {mode:04o});"
                f" chmod 600 it, and rotate it if they are not to be trusted"
            )
        private = _private(pem, path, self.ask)
        if not (isinstance(entry.key, SSlibKey) and _belong(private, entry.key)):
            why = f"it is another key than {entry.name}"
            raise UserError(str(path), why, f"put {entry.name} there")
        return CryptoSigner(private, entry.key)

    def _elsewhere(self, entry: Entry) -> Signer:
        scheme = entry.uri.partition(":")[0]
        if scheme not in SIGNER_FOR_URI_SCHEME:
            known = ", ".join(sorted(SIGNER_FOR_URI_SCHEME))
            raise UserError(f"key {entry.name}", f"no signer for '{scheme}:'", f"use {known}")
        try:
            return Signer.from_priv_key_uri(entry.uri, entry.key, self.ask or secret)
        except Exception as error:  # each service has errors of its own
            raise UserError(f"key {entry.name}", f"{error}", "see keys.json, 'uri'") from error


def _belong(private: Any, public: SSlibKey) -> bool:
    """Is this the private part of that key?"""
    try:
        return SSlibKey.from_crypto(private.public_key()).keyval == public.keyval
    except (ValueError, AttributeError):  # a kind that signs nothing here
        return False


# -- private key files --------------------------------------------------------------------------


def secret(name: str) -> str:
    """A passphrase or PIN: of the environment, or typed. UserError when there is nobody to ask."""
    if value := os.environ.get(PASSPHRASE, ""):
        return value
    if not sys.stdin.isatty():
        why = "it is wanted, and nobody is here to type it"
        raise UserError(name, why, f"set {PASSPHRASE} in the environment")
    return getpass.getpass(f"{name}: ")


def _private(pem: bytes, path: Path, ask: Callable[[str], str] | None) -> Any:
    try:
        try:
            return serialization.load_pem_private_key(pem, None)
        except TypeError:  # it is encrypted
            phrase = (ask or secret)(f"passphrase of {path}")
            return serialization.load_pem_private_key(pem, phrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        locked = b"ENCRYPTED" in pem
        why = "the passphrase does not open it" if locked else "it is no private key in PKCS8 PEM"
        fix = f"set {PASSPHRASE}, or type it right" if locked else "put the key's file there"
        raise UserError(str(path), why, fix) from error


def pem_of(signer: CryptoSigner, passphrase: str = "") -> bytes:
    """The private key as its file holds it: PKCS8 PEM, encrypted when there is a passphrase."""
    if not passphrase:
        return signer.private_bytes
    key = serialization.load_pem_private_key(signer.private_bytes, None)
    lock = serialization.BestAvailableEncryption(passphrase.encode())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(pem, form, lock)


def make(kind: str, name: str, place: str) -> tuple[Entry, CryptoSigner]:
    """A new key of a kind of MAKERS, not written yet."""
    signer = MAKERS[kind]()
    uri = f"{FILE_SCHEME}:{place}/{name}.pem"
    return Entry(name, place, uri, signer.public_key), signer


def kind_of(key: Key) -> str:
    """The name in MAKERS of keys like this one, 'ed25519' for kinds that it has not."""
    return key.keytype if key.keytype in MAKERS else "ed25519"


def write_private(folder: Path, entry: Entry, pem: bytes) -> None:
    """Write a private key for its owner alone. UserError when there is a file, or no room."""
    path = folder / entry.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, PRIVATE_MODE)
            file.write(pem)
            file.flush()
            os.fsync(handle)
    except FileExistsError as error:
        raise UserError(str(path), "a key is there already", "move it away first") from error
    except OSError as error:
        path.unlink(missing_ok=True)
        raise UserError(str(path), f"{error.strerror}", "name a writable folder") from error


# -- keys.json ----------------------------------------------------------------------------------


def load(folder: Path, ask: Callable[[str], str] | None = None) -> KeyRing:
    """Read keys.json. UserError when it is missing or wrong, with what to do."""
    path = folder / KEYS_FILE
    if not path.exists():
        why = "there is no list of keys"
        raise UserError(str(path), why, "name the folder that 'seesaw release init --keys' made")
    raw = disk.read(path)
    try:
        found = json.loads(raw) if len(raw) <= KEYS_FILE_MAX else {}
        if found["format"] != FORMAT or len(found["keys"]) > KEYS_MAX:
            raise ValueError(f"not format {FORMAT}")
        entries = {name: _entry(name, row) for name, row in found["keys"].items()}
        days = {role: int(found["lifetime_days"][role]) for role in roles.TOP_LEVEL}
        if not all(0 < value <= roles.LIFETIME_DAYS_MAX for value in days.values()):
            raise ValueError(f"a lifetime is not 1 to {roles.LIFETIME_DAYS_MAX} days")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(str(path), f"no list of keys: {what}", "restore it from a copy") from error
    return KeyRing(folder, entries, days, ask)


def _entry(name: str, row: dict[str, Any]) -> Entry:
    key = Key.from_dict(row["keyid"], dict(row["public"]))
    return Entry(name, str(row["place"]), str(row["uri"]), key, str(row.get("until") or ""))


def save(ring: KeyRing) -> None:
    """Replace keys.json. UserError when it cannot be written."""
    rows = {name: _row(entry) for name, entry in ring.entries.items()}
    found = {"format": FORMAT, "lifetime_days": ring.days, "keys": rows}
    disk.replace({ring.folder / KEYS_FILE: json.dumps(found, indent=1).encode() + b"\n"})


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "keyid": entry.key.keyid,
        "place": entry.place,
        "uri": entry.uri,
        "until": entry.until or None,
        "public": entry.key.to_dict(),
    }
