"""Targets other than releases: who signs one of this path, and where its bytes are.

Beside `update/`, whose client never searches: the release of a board is in the role of that board.
"""

from micropython import const

from seesaw.core.rollout import bucket
from seesaw.update.errors import Mismatch
from seesaw.update.targets import matching, url

_ROLES_MAX = const(32)  # targets roles that one search visits


async def find(client, path: str) -> "dict | None":
    """What is signed of the target of this path, after refresh(); None when no role has it (5.6.7).

    Pre-order, depth first, each role once. TufError when a role on the way cannot be had.
    """
    todo = [("targets", "root")]  # (role, its delegator), the next one last
    seen = set()
    while todo and len(seen) < _ROLES_MAX:
        name, delegator = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        role = await client.role(name, delegator)
        if path in role["targets"]:
            return role["targets"][path]
        below, stop = matching(role, path)
        if stop:
            todo = []
        for child in reversed(below):
            todo.append((child, name))
        if not below and name != "targets":
            del client.trusted.targets[name]  # nobody needs its keys, and memory is scarce
    return None


def waits(target: dict, device: bytes, name: str) -> bool:
    """Is the set for others first? device: this one's id. name: of the set."""
    custom = target.get("custom")
    early = custom.get("early") if type(custom) is dict else None
    return type(early) is list and bucket(device, name, early) >= 0


def place(client, path: str, target: dict) -> str:
    """Of a target's file, relative to the server's targets. Mismatch without a known hash."""
    hashes = target["hashes"]
    if "sha256" not in hashes and "sha512" not in hashes:
        raise Mismatch(path + ": no known hash")
    return url(path, hashes, client.trusted.root.get("consistent_snapshot"))
