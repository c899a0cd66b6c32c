"""The rows of `seesaw bench` about what an update loads, at once and in all, on the CPython engine:
a chip without PSRAM pays about 1.9 bytes of heap for a byte of .mpy.
"""

import types
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from host_tools.bench import KB, Row
from host_tools.bench_time import CHECK_S, World
from host_tools.emulator.importer import Importer
from host_tools.errors import UserError

KINDS = {  # of keys: a repository has one, and a device loads the arithmetic of that alone
    "rsa": {"seesaw.crypto.rsa", "seesaw.crypto.der"},
    "ed25519": {"seesaw.crypto.ed25519", "seesaw.crypto.joint", "seesaw.crypto.sha512"},
    "p256": {"seesaw.crypto.p256", "seesaw.crypto.joint", "seesaw.crypto.der"},
}
ARITHMETIC = set.union(*KINDS.values())
LIMIT_KB = 36
RUN_S = 900  # of virtual time, for an update and its trial


def sizes(modules: dict[str, bytes]) -> dict[str, int]:
    """Bytes of .mpy by module. modules: of a Bundle."""
    return {
        path.removesuffix(".mpy").removesuffix("/__init__").replace("/", "."): len(data)
        for path, data in modules.items()
    }


class Loaded(set[str]):
    """The firmware's modules that a session has loaded. moments: those that were there together,
    at each import: what is let go of gives its heap to what is loaded then."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__()
        self.sizes = sizes
        self.moments: list[set[str]] = []

    def note(self, name: str, now: set[str]) -> None:
        self.add(name)
        self.moments.append(now)

    def weight(self, names: set[str]) -> int:
        return sum(self.sizes[name] for name in names)

    @property
    def all(self) -> int:
        """Bytes over the whole session."""
        return self.weight(self)

    @property
    def most(self) -> int:
        """Bytes at the moment when they were the most."""
        return max(map(self.weight, self.moments))

    def most_with(self, kind: str) -> int:
        """Likewise, if the keys were of this kind."""
        return max(
            self.weight((now - ARITHMETIC) | KINDS[kind] if now & ARITHMETIC else now)
            for now in self.moments
        )


@contextmanager
def noting(sizes: dict[str, int]) -> Iterator[list[Loaded]]:
    """What each session of the CPython engine has loaded, in order; filled at the end."""
    loaded: dict[int, Loaded] = defaultdict(lambda: Loaded(sizes))
    known: list[Importer] = []
    real = Importer._exec
    found: list[Loaded] = []

    def noted(self: Importer, module: types.ModuleType, code: types.CodeType) -> types.ModuleType:
        if module.__name__ in sizes:
            known.append(self)  # or its id could come again
            now = {module.__name__, *self.modules} & sizes.keys()
            loaded[id(self)].note(module.__name__, now)
        return real(self, module, code)

    Importer._exec = noted  # type: ignore[method-assign]  # for as long as it takes
    try:
        yield found
    finally:
        Importer._exec = real  # type: ignore[method-assign]
    found += loaded.values()


def measure() -> list[Row]:
    """Of a look that installs, and of its trial. UserError when there is no update."""
    world = World()
    with noting(sizes(world.new.bundle.modules)) as found:
        device = world.device(world.flash(world.old, check_s=CHECK_S))
        said: list[str] = []
        device.around.serial = said.append
        device.run(RUN_S, until=lambda: "event=confirmed" in "".join(said))
    return [_row(found, *one) for one in (
        ("a look that installs", "seesaw.upgrade"), ("a trial", "seesaw.proof"))]  # fmt: skip


def _row(found: list[Loaded], what: str, name: str) -> Row:
    ran = [one for one in found if name in one]
    if not ran:
        raise UserError("the emulated device", f"did not come to {what}", "mend it")
    kb = max(ran[0].most_with(kind) for kind in KINDS) / KB
    note = f".mpy, with the kind of keys that takes the most; {ran[0].all / KB:.1f} KB in all"
    return Row(f"modules at once of {what}", kb, "KB", LIMIT_KB, note=note)
