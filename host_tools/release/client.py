"""A repository as a device sees it: python-tuf's own client over files, an overlay, or HTTP.

It is not our device's client: what both accept is a repository that follows the standard.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from securesystemslib.exceptions import StorageError
from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

from host_tools.errors import UserError
from host_tools.release import packing, roles

Reader = Callable[[str], bytes | None]  # path below the repository -> its bytes

BASE = "repository:/"
TIMEOUT_S = 20
RESTORE = "restore it from a copy, or from what is published"


class Files(FetcherInterface):
    """Serves what a reader finds: 404 for the rest."""

    def __init__(self, read: Reader):
        self._read = read

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = url.removeprefix(BASE)
        data = self._read(path)
        if data is None:
            raise DownloadHTTPError(f"{path} is missing", 404)
        return iter([data])


@dataclass(frozen=True)
class Source:
    """Where a repository is looked at. where: for people. base: of URLs, with a '/' at its end."""

    where: str
    base: str
    fetcher: FetcherInterface

    def read(self, path: str, length_max: int = roles.LENGTH_MAX[roles.TARGETS]) -> bytes | None:
        """One file, None when there is none. UserError when it cannot be had."""
        try:
            return self.fetcher.download_bytes(self.base + path, length_max)
        except DownloadHTTPError as error:
            if error.status_code in (403, 404):
                return None
            raise self._gone(path, error) from error
        except (DownloadError, OSError) as error:  # OSError: no room for the client's own files
            raise self._gone(path, error) from error

    def _gone(self, path: str, error: Exception) -> UserError:
        cause = error.__cause__ or error
        why = str(getattr(cause, "reason", None) or cause).rpartition("): ")[2]
        if isinstance(error, OSError):
            return _no_room(error)
        return UserError(f"{self.where}, {path}", why, "check the address and the network")


def of(read: Reader, where: str) -> Source:
    return Source(where, BASE, Files(read))


def at(address: str) -> Source:
    """A URL, or a folder. UserError when a folder is none."""
    if address.startswith(("http://", "https://")):
        fetcher = Urllib3Fetcher(socket_timeout=TIMEOUT_S, app_user_agent="seesaw-release")
        return Source(address, address.rstrip("/") + "/", fetcher)
    folder = Path(address)
    if not folder.is_dir():
        raise UserError(address, "there is no such folder", "name a repository, or http://...")
    return of(reader(folder), address)


def reader(folder: Path) -> Reader:
    """Reads the files below a folder."""

    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            why = f"it cannot be read ({error.strerror})"
            raise UserError(str(folder / path), why, "mend its rights") from error

    return read


def overlay(read: Reader, over: Mapping[str, bytes | None]) -> Reader:
    """The same with some files replaced, or (None) hidden."""
    return lambda path: over[path] if path in over else read(path)


def roots(source: Source) -> dict[int, bytes]:
    """Every root version ever published, from 1 on. UserError when there is none."""
    found: dict[int, bytes] = {}
    for version in range(1, roles.ROOT_STEPS_MAX + 1):
        data = source.read(roles.metadata_path(roles.ROOT, version))
        if data is None:
            break
        found[version] = data
    if not found:
        path = roles.metadata_path(roles.ROOT, 1)
        raise UserError(f"{source.where}, {path}", "it is missing", "name a release repository")
    return found


# -- a device -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What a device trusts after a look. roles: targets, then each role that it delegates to."""

    root: Root
    timestamp: Timestamp
    snapshot: Snapshot
    roles: dict[str, Targets]


def look(source: Source, root: bytes, now_s: int, *, whole: bool = False) -> Seen:
    """What a device that trusts `root` comes to trust at that time.

    whole: fetch every file that is on offer as well. UserError when the device would refuse.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            updater = _updater(source, root, now_s, folder)
            updater.refresh()
            return _seen(updater, Path(folder), source if whole else None)
    except UserError:
        raise
    except OSError as error:
        raise _no_room(error) from error
    except (RepositoryError, DownloadError, DeserializationError, StorageError) as error:
        what = f"{source.where}, as a device with root {_version(root)} sees it"
        raise UserError(what, words(error), remedy(error)) from error


def _no_room(error: OSError) -> UserError:
    """For the files that the client keeps."""
    return UserError("looking at a repository", f"{error}", "make room for temporary files")


def _updater(source: Source, root: bytes, now_s: int, folder: str) -> Updater:
    config = UpdaterConfig(
        max_root_rotations=roles.ROOT_STEPS_MAX,
        root_max_length=roles.LENGTH_MAX[roles.ROOT],
        timestamp_max_length=roles.LENGTH_MAX[roles.TIMESTAMP],
        snapshot_max_length=roles.LENGTH_MAX[roles.SNAPSHOT],
        targets_max_length=roles.LENGTH_MAX[roles.TARGETS],
    )
    updater = Updater(
        folder, source.base + "metadata/", folder, source.base + "targets/",
        source.fetcher, config, bootstrap=root,
    )  # fmt: skip
    # The client has no other door for a time that is not this machine's.
    updater._trusted_set.reference_time = roles.moment(now_s)
    return updater


def _seen(updater: Updater, folder: Path, source: Source | None) -> Seen:
    """Load every delegated role, and read all back as the client has kept it. source: from which
    every file on offer is fetched as well."""
    top: Targets = Metadata[Targets].from_file(str(folder / "targets.json")).signed
    found = {roles.TARGETS: top}
    for name in top.delegations.roles or {} if top.delegations else {}:
        updater.get_targetinfo(roles.patterns(name)[0].replace("*", "0"))
        found[name] = Metadata[Targets].from_file(str(folder / f"{name}.json")).signed
    if source:
        offered = [one for role in found.values() for one in role.targets.values()]
        files = [_fetched(updater, target) for target in offered]
        bases = {packing.identity(data): data for data in files}
        for target, data in zip(offered, files, strict=True):
            _check_packed(source, target, data, bases)
    return Seen(
        Metadata[Root].from_file(str(folder / "root.json")).signed,
        Metadata[Timestamp].from_file(str(folder / "timestamp.json")).signed,
        Metadata[Snapshot].from_file(str(folder / "snapshot.json")).signed,
        found,
    )


def _fetched(updater: Updater, target: TargetFile) -> bytes:
    info = updater.get_targetinfo(target.path)
    if info != target:
        raise RepositoryError(f"{target.path} is listed by a role that may not speak of it")
    kept = Path(updater.download_target(info))
    data = kept.read_bytes()
    kept.unlink()
    return data


def _check_packed(
    source: Source, target: TargetFile, bundle: bytes, bases: Mapping[str, bytes]
) -> None:
    """The packed files of a target. bases: the bundles on offer, by their identity."""
    said = packing.said(target.custom)
    every = {"": said, **packing.differences(said)} if said else {}
    for base, words in every.items():
        name = packing.path(target.path, target.hashes["sha256"], base)
        raw = source.read(name, packing.SIZE_MAX)
        why = packing.trouble(bundle, words, raw, bases.get(base) if base else b"")
        if why:
            raise RepositoryError(f"{name} {why}: devices would fetch more than they need")


def _version(root: bytes) -> str:
    try:
        return str(Metadata[Root].from_bytes(root).signed.version)
    except (DeserializationError, AttributeError):
        return "?"


def words(error: Exception) -> str:
    """Why a client refuses, with the file that it minds."""
    if isinstance(error, DeserializationError):
        return f"a file is no metadata ({error.__cause__ or error})"
    if isinstance(error, DownloadError) and error.__cause__:
        return f"{error}: {error.__cause__}"
    return str(error) or type(error).__name__


def remedy(error: Exception) -> str:
    if isinstance(error, ExpiredMetadataError):
        return "sign it anew with 'seesaw release renew ROLE', then publish"
    if isinstance(error, UnsignedMetadataError):
        return "its threshold of keys is not met: " + RESTORE
    return RESTORE
