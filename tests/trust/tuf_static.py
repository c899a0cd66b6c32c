"""How the repositories in `static/` were made, once: python tests/trust/tuf_static.py FOLDER.

Their keys are gone, so nobody can make them fit a client that has changed. `indented` is laid out
as signing tools with hosted keys do it: indented, one online key for two roles, fields of the
tool's own, dates far away. `mixed` has all kinds of keys, a chain of roots with two of three,
lengths and hashes, and dates that will pass: it is read at the time in its file `now`.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf_repository import Repository

FAR = datetime(2056, 8, 10, 10, 5, 4, tzinfo=UTC)
TARGETS = {"indented": "dir/sub/artifact.txt", "mixed": "firmware/1.0.0/bundle"}


def laid_out() -> Repository:
    repository = Repository()
    online = repository.new_signer()
    for name in ("timestamp", "snapshot"):
        repository.set_keys(name, [online])
        repository.root.roles[name].unrecognized_fields["x-tool-expiry-period"] = 7300
    for key in repository.root.keys.values():
        key.unrecognized_fields["x-tool-owner"] = {"name": "\u00c9loi \U0001f402", "id": 7}
    repository.delegate("targets", "delegated", ["dir/*/*.txt"])
    for role in repository.roles.values():
        role.signed.expires = FAR
        role.signed.unrecognized_fields["x-tool-signing-period"] = 60
        role.signed.spec_version = "1.0.31"
    repository.add_target(TARGETS["indented"], b"an artifact\n", "delegated", ["sha512", "sha256"])
    repository.published.clear()
    for role in repository.roles.values():
        role.signed.version = 1
    repository.publish("delegated", "targets", "snapshot", "timestamp", "root")
    return repository


def mixed() -> Repository:
    repository = Repository("ed25519")
    repository.with_hashes = True
    pool = [
        CryptoSigner.generate_rsa(size=3072),
        CryptoSigner.generate_ecdsa(),
        CryptoSigner.generate_ed25519(),
        CryptoSigner.generate_ecdsa(),
    ]
    repository.published.clear()
    repository.root.version = 0
    for keys, signing in ((pool[:3], pool[:2]), (pool[1:], pool[:3]), (pool[1:], pool[2:])):
        repository.set_keys("root", keys, signing)
        repository.root.roles["root"].threshold = 2
        repository.root.version += 1
        repository.publish_as_it_is("root")
    repository.delegate("targets", "firmware", prefixes=[hex(n)[2:] for n in range(16)])
    repository.delegate("firmware", "never-asked", ["firmware/*/*"])
    repository.add_target(TARGETS["mixed"], bytes(range(256)) * 20, "firmware")
    repository.publish_all()
    return repository


def write(folder: Path, repository: Repository, indented: bool, now: datetime) -> None:
    for name, versions in repository.published.items():
        for raw in versions:
            value: Any = json.loads(raw)
            version = value["signed"]["version"]
            prefix = "" if name == "timestamp" else f"{version}."
            path = folder / "metadata" / f"{prefix}{name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(json.dumps(value, indent=1).encode() + b"\n" if indented else raw)
    for path, data in repository.files.items():
        head, _, tail = path.rpartition("/")
        for digest in repository.hash_names[path]:
            (folder / "targets" / head).mkdir(parents=True, exist_ok=True)
            (folder / "targets" / head / f"{digest}.{tail}").write_bytes(data)
    (folder / "now").write_text(now.isoformat())


def main(folder: Path) -> None:
    write(folder / "indented", laid_out(), True, datetime(2040, 1, 1, tzinfo=UTC))
    write(folder / "mixed", mixed(), False, datetime(2026, 11, 20, tzinfo=UTC))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
