"""A record over a store in memory, for the tests of what a device remembers."""

from collections.abc import Callable

from rig import BOARD
from seesaw.update.choose import Releases
from seesaw.update.offer import Offer
from seesaw.update.record import Record
from seesaw.update.trusted import Trusted

A, B = bytes(range(32)), bytes(range(100, 132))


class Store:
    """NVS as a dict. full: keys that find no room. cut: the power goes after so many puts."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.full: set[str] = set()
        self.left = -1

    def get(self, key: str) -> bytes:
        return self.blobs.get(key, b"")

    def put(self, key: str, blob: bytes) -> None:
        if self.left == 0:
            raise KeyboardInterrupt  # nothing after a power cut is executed
        self.left -= 1
        if key in self.full:
            raise OSError(28, "no room")
        self.blobs[key] = blob


def fails(store: Store, bundle: bytes = A, why: str = "RuntimeError: x",
          chance: Callable[[], float] = float) -> None:  # fmt: skip
    record = Record(store, chance)
    record.open(bundle, "0.2.0", 10, 1, True)
    record.failed(why)


def looks(store: Store, bundle: bytes = A, chance: Callable[[], float] = float) -> int:
    """Looks at which it is passed over, each in a program of its own."""
    for count in range(1000):
        if not Record(store, chance).skip(bundle, "0.2.0"):
            return count
    raise AssertionError("for ever")


def prefix(number: int) -> bytes:
    return number.to_bytes(4, "big") * 8


class Fresh:
    """A record that holds nothing against anybody."""

    last = ""

    def skip(self, bundle: bytes, version: str = "") -> bool:
        return False

    def waited(self, bundle: bytes) -> int:
        return 0


def chosen(trusted: Trusted) -> tuple[str, Offer | None, str]:
    """What a device with 0.1.0 takes of this repository."""
    running = BOARD.name, "0.1.0", bytes(32), b"some device"
    return Releases(trusted, BOARD.name).choose(running, (2_000_000_000, None), Fresh(), True)
