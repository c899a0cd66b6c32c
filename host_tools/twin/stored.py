"""The settings that stand in a flash image, for booting it in a world of other addresses."""

import json
from typing import Any
from urllib.parse import urlsplit

from host_tools.emulator.flash import Flash
from host_tools.emulator.nvs import Nvs, NvsError
from host_tools.emulator.partitions import PartitionTable, PartitionTableError
from host_tools.errors import UserError
from host_tools.image import flash_image, settings

LOOPBACK = ("127.0.0.1", "localhost")


def read(flash: Flash) -> dict[str, Any]:
    """What the image's owner set, as far as it makes sense. Addresses of this machine are left
    out: they were those of an earlier run."""
    found: dict[str, Any] = {}
    for key, value in _blob(flash).items():
        try:
            found |= settings.check({key: value}, "the image")
        except UserError:
            continue
    if _is_local(found.get("update_url", "")):
        del found["update_url"]
    bases = found.pop("providers", {})
    if kept := {name: url for name, url in bases.items() if not _is_local(url)}:
        found["providers"] = kept
    return found


def write(flash: Flash, changes: dict[str, Any]) -> None:
    """Change settings in the image; all others stay. Nothing happens where there is no NVS.

    UserError when there is no room for them.
    """
    blob = settings.to_blob(_blob(flash) | changes)
    try:
        if nvs := _nvs(flash):
            nvs.set_blob(flash_image.NVS_NAMESPACE, flash_image.NVS_CONFIG, blob)
    except NvsError as error:
        why = f"its settings cannot be changed ({error})"
        raise UserError("the image", why, "boot another one") from error


def _nvs(flash: Flash) -> Nvs | None:
    try:
        place = PartitionTable.read(flash).first(label="nvs")
    except PartitionTableError:
        return None
    return Nvs.start(flash, place.offset, place.size) if place else None


def _blob(flash: Flash) -> dict[str, Any]:
    try:
        nvs = _nvs(flash.copy())  # a look that changes nothing
        blob = nvs.get_blob(flash_image.NVS_NAMESPACE, flash_image.NVS_CONFIG) if nvs else b"{}"
        found = json.loads(blob)
    except (NvsError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK
