"""The firmware's client without a network: a store in memory, fetches straight from a repository.

Nothing here ever waits, so a coroutine runs to its end at one push.
"""

from collections.abc import Coroutine
from typing import Any

from seesaw.update.client import Client
from seesaw.update.errors import FetchError, Missing
from tuf_repository import NOW, Repository

NOW_S = int(NOW.timestamp())


class PowerCut(Exception):
    pass


class Store(dict[str, bytes]):
    """Files by name. saves: those replaced, in order; the power goes after `cut_after` of them."""

    def __init__(self, files: dict[str, bytes], cut_after: int | None = None) -> None:
        super().__init__(files)
        self.saves: list[str] = []
        self._cut_after = cut_after

    def load(self, name: str) -> bytes | None:
        return self.get(name)

    def save(self, name: str, raw: bytes) -> None:
        if self._cut_after == len(self.saves):
            raise PowerCut
        self[name] = raw
        self.saves.append(name)


class Web:
    """What `Client` and `Client.download` take for a fetch, in pieces of a few bytes."""

    def __init__(self, repository: Repository, folder: str = "metadata", piece: int = 5) -> None:
        self._repository = repository
        self._folder = folder
        self._piece = piece
        self.length_max: dict[str, int] = {}  # by path, as it was asked for

    async def __call__(self, path: str, length_max: int, sink: Any = None) -> bytes:
        self.length_max[path] = length_max
        status, body = self._repository.get(f"{self._folder}/{path}")
        if status == 404:
            raise Missing(path)
        if status != 200 or len(body) > length_max:
            raise FetchError(path)
        for start in range(0, len(body), self._piece) if sink else ():
            sink.write(body[start : start + self._piece])
        return body


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


def client(
    repository: Repository, store: Store, root: bytes | None = None, now_s: int | None = NOW_S
) -> Client:
    return Client(store, Web(repository), root, lambda: now_s, None)


def refreshed(repository: Repository, store: Store | None = None) -> Store:
    """A store after one refresh that succeeded."""
    store = Store({"root.json": repository.published["root"][0]}) if store is None else store
    run(client(repository, store).refresh())
    return store
