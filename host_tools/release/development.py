"""The development repository: releases for the emulator, the proof and the desk, signed with a key
that everybody has. It is in no root of a real repository, and `seesaw release sign` lists no bundle
that carries this one's.

One RSA key for all roles: the proof makes thousands of updates, and of the three kinds CPython
verifies it fastest. What is signed depends on the release alone, to the last bit, so that two runs
of a proof are the same.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.signer import CryptoSigner, Key, Signature, Signer, SSlibKey
from seesaw.core import version as versions
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
from tuf.api.serialization import DeserializationError

from host_tools.image import bundle as bundles
from host_tools.release import listing, packing, roles

KEY_FILE = Path(__file__).with_name("development_key.pem")
NEXT_KEY_FILE = Path(__file__).with_name("development_next_key.pem")
KEYID = "development"
NEXT_KEYID = "development-next"
MARK = "x-seesaw-development"  # in a root that trusts this key: its devices say so on every line
SIGNED_S = 1_782_864_000  # 2026-07-01, seconds since 1970: what is signed here says so
ROOT_DAYS = 36525
HASH_SIZE = 32  # bytes of a SHA-256, and of the salt
PROOF = {"reason": "development: signed with a key that everybody has"}


class Deterministic(Signer):
    """RSASSA-PSS with SHA-256 and a salt that is drawn from the message (RFC 8017, 8.1.1): for
    tests alone, as nothing here is secret."""

    def __init__(self, numbers: RSAPrivateNumbers, public: Key) -> None:
        self._numbers = numbers
        self._public = public

    @property
    def public_key(self) -> Key:
        return self._public

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None
                          ) -> "Deterministic":  # fmt: skip
        raise NotImplementedError("it is made by signer() alone")

    def sign(self, payload: bytes) -> Signature:
        numbers = self._numbers
        n = numbers.public_numbers.n
        number = int.from_bytes(_encoded(payload, n.bit_length() - 1), "big")
        at_p = pow(number, numbers.dmp1, numbers.p)
        at_q = pow(number, numbers.dmq1, numbers.q)
        signed = at_q + numbers.q * (numbers.iqmp * (at_p - at_q) % numbers.p)
        size = (n.bit_length() + 7) // 8
        return Signature(self._public.keyid, signed.to_bytes(size, "big").hex())


def _encoded(message: bytes, bits: int) -> bytes:
    """EMSA-PSS (RFC 8017, 9.1.1)."""
    digest = hashlib.sha256(message).digest()
    salt = hashlib.sha256(b"salt" + digest).digest()
    found = hashlib.sha256(bytes(8) + digest + salt).digest()
    size = (bits + 7) // 8
    block = bytes(size - 2 * HASH_SIZE - 2) + b"\x01" + salt
    count = -(-len(block) // HASH_SIZE)
    mask = b"".join(hashlib.sha256(found + n.to_bytes(4, "big")).digest() for n in range(count))
    masked = bytearray(a ^ b for a, b in zip(block, mask, strict=False))
    masked[0] &= 0xFF >> (8 * size - bits)
    return bytes(masked) + found + b"\xbc"


@cache
def signer() -> Deterministic:
    return _signer(KEY_FILE, KEYID)


@cache
def successor() -> Deterministic:
    """Who signs once the keys were rotated (make_root(2))."""
    return _signer(NEXT_KEY_FILE, NEXT_KEYID)


def _signer(path: Path, keyid: str) -> Deterministic:
    private = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(private, RSAPrivateKey)
    public = SSlibKey.from_crypto(private.public_key(), keyid)
    return Deterministic(private.private_numbers(), public)


class Stranger(Signer):
    """Somebody whom no root knows, who signs under the same key id."""

    def __init__(self) -> None:
        self._signer = CryptoSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

    @property
    def public_key(self) -> Key:
        key = self._signer.public_key
        return SSlibKey(KEYID, key.keytype, key.scheme, key.keyval)

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri: str, public_key: Key, secrets_handler: Any = None
                          ) -> "Stranger":  # fmt: skip
        raise NotImplementedError("there is one alone")

    def sign(self, payload: bytes) -> Signature:
        return Signature(KEYID, self._signer.sign(payload).signature)


def root() -> bytes:
    """Its only root, as `make_root` made it once for all: a file of every development bundle."""
    return bundles.DEVELOPMENT_ROOT.read_bytes()


def enrolled(raw: bytes) -> bytes:
    """A root for a device that is developed on: it trusts whom it trusted, and the development key
    beside them. So it still proves itself at its maker's server, and takes its maker's next
    release, which carries the maker's root and ends this. ValueError for what is no root."""
    try:
        found = Metadata[Root].from_bytes(raw).signed
    except DeserializationError as error:
        raise ValueError("no root") from error
    if MARK in found.unrecognized_fields:
        return raw
    found.unrecognized_fields[MARK] = True
    for role in roles.TOP_LEVEL:
        found.add_key(signer().public_key, role)
        found.roles[role].threshold = 1
    made: Metadata[Any] = Metadata(found)
    made.sign(signer())
    return made.to_bytes()


def is_development(key: Key) -> bool:
    """Is it the key that everybody has, under whatever name?"""
    mine = signer().public_key.keyval["public"]
    return "".join(str(key.keyval.get("public", "")).split()) == "".join(mine.split())


@cache
def next_root() -> bytes:
    """The root that rotates every key: the development key vouches for its successor."""
    made = Metadata[Root].from_bytes(make_root(2, successor()))
    made.sign(signer(), append=True)
    return made.to_bytes()


def make_root(version: int = 1, by: Signer | None = None) -> bytes:
    by = by or signer()
    made = Root(consistent_snapshot=True, unrecognized_fields={MARK: True})
    for role in roles.TOP_LEVEL:
        made.add_key(by.public_key, role)
    return _signed(made, version, by, days=ROOT_DAYS)


def edition(version: object) -> int:
    """A number for the metadata of a release, which rises with its version as a device compares
    them: '0.2.0' < '0.2.1-x' < '0.2.1'. Pre-releases of one version have some number or other."""
    try:
        numbers, final, pre = versions.key(str(version))
    except ValueError:
        return 1
    parts = [number for kind, number, _ in numbers if kind][:4]
    value = 0
    for place in range(4):
        value = value * 100 + (min(parts[place], 99) if place < len(parts) else 0)
    order = hashlib.sha256(repr(pre).encode()).digest()[0]
    return value * 300 + (299 if final else order) + 1


def files(
    board: str, offer: dict[str, Any], runtime: bytes, bundle: bytes, number: int = 0,
    by: Signer | None = None, bases: Sequence[bytes] = (),
) -> dict[str, bytes]:  # fmt: skip
    """The repository that lists one release, by path below its address.

    offer: as release.json has it (firmware/SPEC.md, "Offer"); all that it says of the release is
    signed, right or wrong; beside that `rules` (of listing.Rules), `halted`, `recalls`, `signed_s`,
    when that was, and `data`, sets of data as text by name. number: version of the metadata, 0 for
    edition(). by: who signs it all but the root, the development key when None; its successor has
    a root of its own. bases: bundles that it has differences from.
    """
    by = by or signer()
    number = number or edition(offer["version"])
    day_s = offer.get("signed_s", SIGNED_S)
    targets, served = _targets(board, offer, runtime, bundle, bases)
    role = Targets(targets=targets, unrecognized_fields={roles.RECALLS: offer.get("recalls", [])})
    sets, more = _sets(offer.get("data", {}))
    served |= more
    snapshot = Snapshot(meta={})
    made = {
        "targets": (1, _top(board, by, day_s)),
        board: (number, _signed(role, number, by, day_s)),
        roles.DATA: (number, _signed(Targets(targets=sets), number, by, day_s)),
    }
    for name, (version, raw) in made.items():
        snapshot.meta[name + ".json"] = MetaFile.from_data(version, raw, ["sha256"])
    made["snapshot"] = number, _signed(snapshot, number, by, day_s)
    served |= {roles.metadata_path(name, version): raw for name, (version, raw) in made.items()}
    stamp = Timestamp(
        snapshot_meta=MetaFile.from_data(number, made["snapshot"][1], ["sha256"]),
        unrecognized_fields={roles.ISSUED: day_s, roles.HALT: offer.get("halted", [])},
    )
    served[roles.metadata_path(roles.TIMESTAMP, None)] = _signed(stamp, number, by, day_s)
    served[roles.metadata_path(roles.ROOT, 1)] = root()
    if by is successor():
        served[roles.metadata_path(roles.ROOT, 2)] = next_root()
    return served


def _targets(
    board: str, offer: dict[str, Any], runtime: bytes, bundle: bytes, bases: Sequence[bytes]
) -> tuple[dict[str, TargetFile], dict[str, bytes]]:
    """The two targets of a release, and their files as the offer names their hashes."""
    found: dict[str, TargetFile] = {}
    served: dict[str, bytes] = {}
    version = str(offer["version"])
    for kind, data in (("runtime", runtime), ("bundle", bundle)):
        part = offer[kind]
        path = f"{board}/{version}/{kind}"
        found[path] = TargetFile(part["size"], {"sha256": part["sha256"]}, path)
        served[roles.target_path(path, part["sha256"])] = data
    custom = listing.custom(
        board, version, found[f"{board}/{version}/runtime"], bundle,
        trial_s=offer["trial_s"], built=offer["build_time"],
        rules=listing.Rules(**offer.get("rules", {})), proof=PROOF, bases=bases,
    )  # fmt: skip
    custom |= {"boards": [offer["board"]], "version": offer["version"]}
    path = f"{board}/{version}/bundle"
    found[path].unrecognized_fields["custom"] = custom
    served |= packing.files(path, offer["bundle"]["sha256"], bundle, bases)
    return found, served


def _sets(data: dict[str, str]) -> tuple[dict[str, TargetFile], dict[str, bytes]]:
    """The targets of sets of data, and their files. Nobody has looked at what they hold."""
    found: dict[str, TargetFile] = {}
    served: dict[str, bytes] = {}
    for name, text in data.items():
        path, raw = roles.data_target(name), text.encode()
        digest = hashlib.sha256(raw).hexdigest()
        found[path] = TargetFile(len(raw), {"sha256": digest}, path)
        found[path].unrecognized_fields["custom"] = listing.custom_of_data("0")
        served[roles.target_path(path, digest)] = raw
    return found, served


@cache
def _top(board: str, by: Signer, day_s: int) -> bytes:
    """The top-level targets role: it only ever says who speaks for the board, and of data."""
    key = by.public_key
    found = {
        name: DelegatedRole(name, [key.keyid], 1, terminating=True, paths=roles.patterns(name))
        for name in (board, roles.DATA)
    }
    return _signed(Targets(delegations=Delegations({key.keyid: key}, found)), 1, by, day_s)


def _signed(part: Root | Timestamp | Snapshot | Targets, version: int, by: Signer,
            day_s: int = SIGNED_S, days: int = roles.LIFETIME_DAYS) -> bytes:  # fmt: skip
    part.version = version
    part.expires = datetime.fromtimestamp(day_s, UTC) + timedelta(days=days)
    made: Metadata[Any] = Metadata(part)
    made.sign(by)
    return made.to_bytes()
