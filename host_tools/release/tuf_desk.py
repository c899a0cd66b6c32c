"""The device's TUF client on a desk: files for its store, sockets for its fetches.

In the common language of the interpreters, and run by each as it stands: by CPython as a module, by
the MicroPython VM as a script. The modules below it are the firmware's own. `tuf_client` has the
command line that people call.
"""

import asyncio
import os

from seesaw.data import search
from seesaw.net import http
from seesaw.update.client import Client
from seesaw.update.errors import FetchError, Mismatch, Missing, TufError
from seesaw.update.targets import check, quote
from seesaw.update.trusted import Trusted

DEADLINE_S = 60  # of one file


class FileStore:
    """A folder; each file is replaced as a whole."""

    def __init__(self, folder: str) -> None:
        self._folder = folder + "/"

    def load(self, name: str) -> "bytes | None":
        try:
            with open(self._folder + name, "rb") as file:
                return file.read()
        except OSError:
            return None

    def save(self, name: str, raw: bytes) -> None:
        path = self._folder + name
        with open(path + ".new", "wb") as file:
            file.write(raw)
        os.rename(path + ".new", path)


async def _opener(host: str, port: int, tls: bool) -> tuple:
    """A connection; TLS without verification, as on the device: trust does not rest on it."""
    if not tls:
        return await asyncio.open_connection(host, port)
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if hasattr(context, "check_hostname"):
        context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return await asyncio.open_connection(host, port, ssl=context, server_hostname=host)


class Server:
    """Files below a base URL, as the client wants them fetched."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/") + "/"

    async def fetch(self, path: str, length_max: int) -> bytes:
        """The file's bytes. Raises Missing and FetchError."""
        try:
            answer = await http.fetch(
                self._base + path, opener=_opener, max_body=length_max, deadline_s=DEADLINE_S
            )  # fmt: skip
        except http.HttpError as error:
            failure = str(error)  # MicroPython does not chain exceptions
            answer = None
        if answer is None:
            raise FetchError(f"{path}: {failure}")
        if answer.status in (403, 404):
            raise Missing(f"{path}: {answer.status}")
        if answer.status != 200:
            raise FetchError(f"{path}: status {answer.status}")
        return answer.body


def init(metadata_dir: str, root: bytes) -> None:
    """Trust this root file from now on. TufError when it is none."""
    Trusted(root, None, None)
    FileStore(metadata_dir).save("root.json", root)


async def refresh(metadata_dir: str, metadata_url: str, now_s: "int | None") -> Client:
    """Bring the trusted metadata up to date. Raises TufError."""
    client = Client(FileStore(metadata_dir), Server(metadata_url).fetch, None, lambda: now_s, None)
    await client.refresh()
    return client


async def download(client: Client, base_url: str, name: str, folder: str) -> str:
    """The path of a target's file, fetched unless it is there already. Raises TufError."""
    target = await search.find(client, name)
    if target is None:
        raise TufError(f"{name}: no such target")
    path = folder + "/" + (quote(name) if name.strip(".") else name.replace(".", "%2E"))
    if not _has(path, target):
        where = search.place(client, name, target)
        raw = await Server(base_url).fetch(where, target["length"])
        check(name, raw, target, None)
        FileStore(folder).save(path[len(folder) + 1 :], raw)
    return path


def _has(path: str, target: dict) -> bool:
    try:
        with open(path, "rb") as file:
            check(path, file.read(), target, None)
    except (OSError, Mismatch):
        return False
    return True


def run(command: dict, now_s: "int | None") -> str:
    """One command: "" when it succeeded, else what went wrong in one line.

    command: "command" (init, refresh or download) and the options of `tuf_client` by their names,
    "target_name" a list. now_s: the start time, seconds since 1970.
    """
    try:
        if command["command"] == "init":
            with open(command["root"], "rb") as file:
                init(command["metadata_dir"], file.read())
        else:
            asyncio.run(_update(command, now_s))
    except (TufError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


async def _update(command: dict, now_s: "int | None") -> None:
    client = await refresh(command["metadata_dir"], command["metadata_url"], now_s)
    if command["command"] == "download":
        for name in command["target_name"]:
            await download(client, command["target_base_url"], name, command["target_dir"])
