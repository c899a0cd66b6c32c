"""A repository that python-tuf makes and signs, kept in memory, served file by file.

Every file that was ever published stays to be had under its version, and every request is noted.
"""

import copy
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

TOP = ("root", "timestamp", "snapshot", "targets")
KEYS = 16  # of each type, made once for all tests
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
GENERATE = {
    "ecdsa": CryptoSigner.generate_ecdsa,
    "ed25519": CryptoSigner.generate_ed25519,
    "rsa": CryptoSigner.generate_rsa,
}


@cache
def _key(keytype: str, number: int) -> CryptoSigner:
    return GENERATE[keytype]()


def signer(keytype: str, number: int) -> CryptoSigner:
    """The same private key each time, with a public part that a test may spoil."""
    found = _key(keytype, number)
    return CryptoSigner(found._private_key, copy.deepcopy(found.public_key))


class Repository:
    """roles: name -> Metadata, to be changed at will; `publish` signs and serves it."""

    def __init__(self, keytype: str = "ecdsa") -> None:
        self.keytype = keytype
        self.roles: dict[str, Metadata[Any]] = {}
        self.signers: dict[str, list[CryptoSigner]] = {}
        self.published: dict[str, list[bytes]] = {}
        self.files: dict[str, bytes] = {}  # targets
        self.hash_names: dict[str, set[str]] = {}  # under which hashes a target is to be had
        self.requests: list[tuple[str, int | None]] = []  # of metadata: role and version
        self.downloads: list[str] = []  # of targets
        self.with_hashes = False  # in snapshot and timestamp
        self.instead: dict[tuple[str, int], bytes] = {}  # of what was published as this version
        self.status: dict[str, int] = {}  # path -> the status to answer with instead
        self._next = 0
        expires = NOW + timedelta(days=30)
        self.roles["root"] = Metadata(Root(expires=expires, consistent_snapshot=True))
        for kind in (Timestamp, Snapshot, Targets):
            self.roles[kind.type] = Metadata(kind(expires=expires))
        for role in TOP:
            self.add_key(role)
        self.publish("targets", "snapshot", "timestamp", "root")

    @property
    def root(self) -> Root:
        return self.roles["root"].signed

    @property
    def timestamp(self) -> Timestamp:
        return self.roles["timestamp"].signed

    @property
    def snapshot(self) -> Snapshot:
        return self.roles["snapshot"].signed

    @property
    def targets(self) -> Targets:
        return self.roles["targets"].signed

    def new_signer(self, keytype: str = "") -> CryptoSigner:
        assert self._next < KEYS, "a test that needs more keys than there are"
        self._next += 1
        return signer(keytype or self.keytype, self._next - 1)

    def add_key(self, role: str, key: CryptoSigner | None = None) -> CryptoSigner:
        """Another key for a top-level role: listed in root, and signs from now on."""
        key = key or self.new_signer()
        self.root.add_key(key.public_key, role)
        self.signers.setdefault(role, []).append(key)
        return key

    def rotate(self, role: str) -> None:
        """New keys for all of the old ones."""
        self.set_keys(role, [self.new_signer() for _ in self.root.roles[role].keyids])

    def set_keys(
        self, role: str, keys: list[CryptoSigner], signing: list[CryptoSigner] | None = None
    ) -> None:
        """Just these keys in root; `signing` sign, all of them if not said."""
        for keyid in list(self.root.roles[role].keyids):
            self.root.revoke_key(keyid, role)
        self.signers[role] = []
        for key in keys:
            self.add_key(role, key)
        if signing is not None:
            self.signers[role] = signing

    def delegate(
        self,
        delegator: str,
        name: str,
        paths: Iterable[str] | None = ("*",),
        *,
        key: CryptoSigner | None = None,
        terminating: bool = False,
        prefixes: list[str] | None = None,
    ) -> CryptoSigner:
        """A delegation; the role is made unless it is there, and its key signs it."""
        parent = self.roles[delegator].signed
        key = key or self.new_signer()
        if parent.delegations is None:
            parent.delegations = Delegations({}, {})
        paths = None if prefixes is not None else list(paths or ())
        parent.delegations.roles[name] = DelegatedRole(name, [], 1, terminating, paths, prefixes)
        parent.add_key(key.public_key, name)
        if name not in self.roles:
            self.roles[name] = Metadata(Targets(expires=NOW + timedelta(days=30)))
        self.signers.setdefault(name, [])
        if key not in self.signers[name]:
            self.signers[name].append(key)
        return key

    def add_target(
        self, path: str, data: bytes, role: str = "targets", hashes: Iterable[str] = ("sha256",)
    ) -> TargetFile:
        found = TargetFile.from_data(path, data, list(hashes))
        self.roles[role].signed.targets[path] = found
        self.files[path] = data
        self.hash_names[path] = set(found.hashes.values())
        return found

    def publish(self, *roles: str) -> None:
        """The next version of each, in this order; snapshot and timestamp learn of it."""
        for role in roles:
            if role in self.published:
                self.roles[role].signed.version += 1
            self.publish_as_it_is(role)

    def publish_all(self) -> None:
        """Every targets role, then snapshot and timestamp."""
        self.publish(*[role for role in self.roles if role not in TOP], "targets")
        self.publish("snapshot", "timestamp")

    def publish_as_it_is(self, role: str) -> None:
        """Without a new version number."""
        metadata = self.roles[role]
        metadata.signatures.clear()
        for key in self.signers[role]:
            metadata.sign(key, append=True)
        self.put(role, metadata.to_bytes(JSONSerializer()))

    def put(self, role: str, raw: bytes) -> None:
        """Serve these very bytes as the role's newest version."""
        self.published.setdefault(role, []).append(raw)
        length = len(raw) if self.with_hashes else None
        hashes = {"sha256": sha256(raw).hexdigest()} if self.with_hashes else None
        listed = MetaFile(self.roles[role].signed.version, length, hashes)
        if role == "snapshot":
            self.timestamp.snapshot_meta = listed
        elif role not in TOP or role == "targets":
            self.snapshot.meta[f"{role}.json"] = listed

    def edit(self, role: str, change: Any) -> None:
        """Spoil the newest file of a role: change(value) on its JSON, signed as before."""
        value = json.loads(self.published[role][-1])
        change(value)
        self.published[role][-1] = json.dumps(value).encode()

    # -- what a web server asks --------------------------------------------------------------

    def get(self, path: str) -> tuple[int, bytes]:
        """(status, body) of a path below metadata/ or targets/, as it was quoted."""
        if path in self.status:
            return self.status[path], b""
        kind, _, name = path.partition("/")
        body = self._metadata(name) if kind == "metadata" else self._target(name)
        return (404, b"") if body is None else (200, body)

    def _metadata(self, name: str) -> bytes | None:
        role = name.removesuffix(".json")
        version = None
        if role == "timestamp" or not (self.root.consistent_snapshot or role.endswith(".root")):
            raw = self.published.get(unquote(role), [None])[-1]
        else:
            number, _, role = role.partition(".")
            version = int(number)
            raw = self._version(unquote(role), version)
        self.requests.append((role, version))
        return raw

    def _version(self, role: str, version: int) -> bytes | None:
        if (role, version) in self.instead:
            return self.instead[role, version]
        found = [raw for raw in self.published.get(role, []) if _version_of(raw) == version]
        return found[-1] if found else None

    def _target(self, name: str) -> bytes | None:
        folder, slash, file = unquote(name).rpartition("/")
        self.downloads.append(unquote(name))
        if self.root.consistent_snapshot:
            found, _, file = file.partition(".")
            if found not in self.hash_names.get(folder + slash + file, ()):
                return None
        return self.files.get(folder + slash + file)


def _version_of(raw: bytes) -> int | None:
    try:
        return json.loads(raw)["signed"]["version"]
    except (ValueError, KeyError, TypeError):
        return None
