"""A release as a web host serves it.

`files` is `release.json` and what it names (firmware/SPEC.md, "Offer"): what is kept of a release,
and all that devices from before signed updates know. `site` has beside it a repository that lists
this release alone, signed by the development key (development.py): what the emulator, the proof and
tests serve. A real repository is made by `seesaw release init`, `sign` and `publish`.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer

from host_tools.image import bundle as bundles
from host_tools.image import flash_image
from host_tools.image.board import Board
from host_tools.image.bundle import Bundle
from host_tools.release import development

FORMAT = 1
OFFER = "release.json"


@dataclass(frozen=True, slots=True)
class Release:
    """One release for one board. files, site: URL path -> bytes, the offer among them."""

    version: str
    board: str
    files: dict[str, bytes]
    bundle: Bundle
    slot: list[tuple[int, bytes]]  # (offset in the slot, bytes), as manufacture writes it
    site: dict[str, bytes] = field(default_factory=dict)
    bases: tuple[bytes, ...] = ()  # bundles that the site has differences from
    by: Signer | None = None  # who signs the site, the development key when None


def make(
    board: Board,
    version: str,
    app: bytes,
    *,
    source: Path = bundles.FIRMWARE,
    trial_s: int = 600,
    build_time: int = 0,
    root: bytes | None = None,
) -> Release:
    """Build a release of the firmware in `source` on the runtime `app`.

    trial_s: seconds that the app must prove itself; the firmware has a floor. root: the root file
    that its devices trust, of the development repository when None. UserError when it does not
    compile or does not fit the board's slot.
    """
    built = bundles.build(version, source, root)
    return pack(board, app, built, trial_s=trial_s, build_time=build_time)


def pack(
    board: Board, app: bytes, built: Bundle, *, trial_s: int = 600, build_time: int = 0
) -> Release:
    """A release of a bundle that is there already. UserError when it does not fit."""
    version = built.version
    slot = flash_image.slot_image(board, app, built, build_time)
    runtime_url = f"runtime-{hashlib.sha256(app).hexdigest()[:16]}.bin"
    bundle_url = f"bundle-{version}.lfs"
    offer = {
        "format": FORMAT,
        "version": version,
        "board": board.name,
        "build_time": build_time,
        "trial_s": trial_s,
        "runtime": _part(runtime_url, app),
        "bundle": _part(bundle_url, built.image),
    }
    files = {
        OFFER: json.dumps(offer, indent=1).encode(),
        runtime_url: app,
        bundle_url: built.image,
    }
    return Release(version, board.name, files, built, slot, site_of(board.name, files))


def over(made: Release, *older: Release, by: Signer | None = None) -> Release:
    """The release as it is served where these are in the field: with the differences from them. by:
    who signs, the development key when None."""
    bases = tuple(one.bundle.image for one in older)
    site = site_of(made.board, made.files, by=by, bases=bases)
    return replace(made, bases=bases, by=by, site=site)


def site_of(
    board: str, files: dict[str, bytes], number: int = 0, by: Signer | None = None,
    bases: Sequence[bytes] = (),
) -> dict[str, bytes]:  # fmt: skip
    """All that is served of a release. number: version of its metadata, 0: as its own version. by:
    who signs, the development key when None. bases: bundles that there are differences from."""
    offer = json.loads(files[OFFER])
    runtime, bundle = (files[offer[kind]["url"]] for kind in ("runtime", "bundle"))
    return {**files, **development.files(board, offer, runtime, bundle, number, by, bases)}


def reissued(made: Release, number: int = 0, **fields: Any) -> Release:
    """The release with other words in its offer, as if its maker had signed them.

    number: version of the metadata, 0: as its own version.
    """
    offer = {**json.loads(made.files[OFFER]), **fields}
    files = {**made.files, OFFER: json.dumps(offer).encode()}
    site = site_of(made.board, files, number, made.by, made.bases)
    return replace(made, files=files, site=site)


def _part(url: str, data: bytes) -> dict[str, object]:
    return {"url": url, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
