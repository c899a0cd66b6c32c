"""The door of the page: what it needs may be missing, and costs the page alone."""

import types

import pytest
from caller import Caller, request
from phone import Script

from host_tools.emulator.importer import Importer
from host_tools.emulator.os_error import ERRNO, MicroOSError


def test_without_memory_for_it_the_market_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is answered until there is memory; the app goes on, and so does the beam."""
    short = True
    real = Importer._exec

    def scarce(self: Importer, module: types.ModuleType, code: types.CodeType) -> object:
        if short and module.__name__ == "seesaw.api.page":
            code = compile("raise MemoryError", "page.py", "exec")
        return real(self, module, code)

    monkeypatch.setattr(Importer, "_exec", scarce)
    owner = Caller()

    def script() -> Script:
        nonlocal short
        yield from owner.ready()
        for _ in range(3):
            assert (yield from owner.send(request("GET", "/"))) == b""
        lines = len(owner.world.lines)
        yield from owner.until(lambda: len(owner.world.lines) > lines + 2)
        assert all("state=LIVE" in line for line in owner.world.lines[lines:])
        short = False
        assert (yield from owner.fetch("/")).status == 200

    owner.run(script())


def test_a_port_that_is_taken_is_asked_for_again() -> None:
    owner = Caller()
    listen, refused = owner.access.listen, []

    def taken(port: int, accept: object) -> None:
        if len(refused) < 2:
            refused.append(owner.now_s)
            raise MicroOSError(ERRNO["EADDRINUSE"])
        listen(port, accept)  # type: ignore[arg-type]

    owner.access.listen = taken  # type: ignore[method-assign]

    def script() -> Script:
        yield from owner.ready()
        with pytest.raises(ConnectionRefusedError):
            owner.access.dial(80)
        yield from owner.until(lambda: 80 in owner.access.doors)
        assert (yield from owner.fetch("/api/v1/status")).json["state"] == "LIVE"

    owner.run(script())
    assert refused[1] - refused[0] == pytest.approx(60, abs=1)
