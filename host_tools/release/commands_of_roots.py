"""`seesaw release roots`: the thin shell around tls_roots.py."""

import json
import time
from argparse import Namespace
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image import files
from host_tools.release import roles, tls_roots

ENDS = 1  # exit code: one of them ends inside the horizon


def roots(arguments: Namespace) -> int:
    """Check the kept file, make it anew, or make a set that adds to it."""
    path = tls_roots.KEPT
    if arguments.add:
        return _set(arguments)
    if arguments.write:
        files.replace({path: tls_roots.made()})
    return _told(tls_roots.check_kept(path), str(path), arguments)


def _set(arguments: Namespace) -> int:
    if not arguments.out:
        raise UserError("--add", "there is no file for it", "name one with --out FILE")
    wanted = dict(arguments.add)
    raw = tls_roots.made(wanted, Path(arguments.source) if arguments.source else None)
    found = tls_roots.check_more(raw, "this set")
    path = Path(arguments.out)
    files.replace({path: raw})
    return _told(found, str(path), arguments)


def _told(found: list[tls_roots.Root], path: str, arguments: Namespace) -> int:
    now_s = arguments.now or int(time.time())
    days = {one.name: roles.days_left(one.end, now_s) for one in found}
    ending = [name for name, left in days.items() if left < arguments.horizon]
    if arguments.json:
        facts = [
            {"name": one.name, "sha256": one.sha256, "subject": one.subject,
             "end": f"{one.end:%Y-%m-%d}", "days": days[one.name]}
            for one in found
        ]  # fmt: skip
        print(json.dumps({"file": path, "roots": facts, "inside": ending}))
    else:
        print(path)
        for one in found:
            print(f"  {one.name:14} {one.end:%Y-%m-%d} {one.sha256[:16]} {one.subject}")
        which = f"{', '.join(ending)}: replace" if ending else f"none of {len(found)}"
        print(f"ends within {arguments.horizon} days: {which}")
    return ENDS if ending else 0
