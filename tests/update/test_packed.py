"""A bundle by its packed file: fewer bytes, and nothing is unpacked that was not signed."""

import asyncio
import json
import random
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import World, new_flash, release
from seesaw.packed import download
from seesaw.update.install import Part
from tuf_rig import Vm
from tuf_vm import answers, here

from host_tools.emulator import micro_deflate
from host_tools.market.site import Reply, Request
from host_tools.release import packing

OLD, NEW = release("0.1.0"), release("0.2.0")
LIMIT = 145 << 10  # bytes that an update of the application alone may download; the aim is 120 KB

# Answers ["", bundle] or [kind of error, as much of the bundle as came], in hex.
PROGRAM = """
import json
from binascii import hexlify, unhexlify
from seesaw.packed import Packed

class Part:
    url = "x"

class Sink:
    def rewind(self):
        self.data, self.count = b"", 0
    def write(self, piece):
        assert len(piece) <= 512
        self.data, self.count = self.data + bytes(piece), self.count + len(piece)

def answer(case):
    size, custom, file, step = json.loads(case)
    part, sink, file = Part(), Sink(), unhexlify(file)
    part.size, part.custom = size, custom
    sink.rewind()
    try:
        packed = Packed(part, sink)
        for again in range(2):
            packed.rewind()
            for at in range(0, len(file), step):
                packed.write(file[at : at + step])
        assert packed.count == len(file) == packed.size and packed.url == "x.packed"
        kind = ""
    except Exception as error:
        kind = type(error).__name__
    return json.dumps([kind, hexlify(sink.data).decode()]).encode()
"""


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


BUNDLES = {
    "one block": b"bull" * 128,
    "a sector more": b"bear" * 2048 + b"x" * 512,
    "noise": noise(20_480),  # it is stored, in blocks larger than what they hold
    "the firmware's first": NEW.bundle.image[:20_992],
}


@pytest.fixture(scope="module", autouse=True)
def deflate() -> Any:
    """The module that CPython lacks."""
    made = ModuleType("deflate")
    vars(made).update(RAW=micro_deflate.RAW, DeflateIO=micro_deflate.DeflateIO)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "deflate", made)
        yield


def custom(bundle: bytes) -> dict[str, Any]:
    index, blocks = packing.pack(bundle)
    found = packing.custom(bundle) or packing.custom(bundle[:8192] + bytes(1 << 16))
    return {"packed": {**found["packed"], "length": len(index + blocks),
                       "sha256": packing._sha256(index).hex()}}  # fmt: skip


def case(bundle: bytes, file: bytes | None = None, step: int = 4096, said: Any = None) -> bytes:
    file = packing.file(bundle) if file is None else file
    said = custom(bundle) if said is None else said
    return json.dumps([len(bundle), said, file.hex(), step]).encode()


def told(answer: bytes) -> tuple[str, bytes]:
    kind, data = json.loads(answer)
    return kind, bytes.fromhex(data)


def test_both_interpreters_unpack_what_was_packed(vm: Vm, tmp_path: Path) -> None:
    steps = (1, 17, 4096, 1 << 20)
    cases = [case(one, step=step) for one in BUNDLES.values() for step in steps]
    wanted = [one for one in BUNDLES.values() for _ in steps]

    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        assert [told(one) for one in found] == [("", one) for one in wanted]


def spoilt() -> list[bytes]:
    """Cases of a packed file that is not what was signed, or whose signed words are nonsense."""
    bundle = BUNDLES["a sector more"]
    file, said = packing.file(bundle), custom(bundle)
    flips = [file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in range(len(file))]
    made = [case(bundle, one) for one in flips]
    made += [case(bundle, one) for one in (file + b"x", b"\x00" * 5000, b"<html>" * 400)]
    other = packing.file(bytes(len(bundle)))
    made += [case(bundle, other)]
    for found in ({}, None, [], {"packed": 1}, {"packed": {}},
                  {"packed": {**said["packed"], "sha256": "no"}},
                  {"packed": {**said["packed"], "sha256": 7}}):  # fmt: skip
        made.append(json.dumps([len(bundle), found, file.hex(), 512]).encode())
    # Signed, and yet nonsense: no streams, one that is too short, one that is too long.
    for blocks in ([b"\xff" * 40] * 3, [packing.pack(b"b")[1]] * 3, [bytes(4200)] * 3):
        index = b"".join(
            len(one).to_bytes(2, "little") + packing._sha256(one)[:16] for one in blocks
        )
        signed = {"packed": {"length": len(index) + sum(map(len, blocks)),
                             "sha256": packing._sha256(index).hex()}}  # fmt: skip
        made.append(case(bundle, index + b"".join(blocks), said=signed))
    return made


def test_both_refuse_what_was_not_signed(vm: Vm, tmp_path: Path) -> None:
    """And whatever came before it is the bundle's own."""
    bundle, cases = BUNDLES["a sector more"], spoilt()
    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        for one in found[:-3]:
            kind, came = told(one)
            assert kind and bundle.startswith(came)
        assert all(told(one)[0] for one in found[-3:])


@given(st.binary(max_size=3000), st.integers(1, 600))
def test_whatever_is_sent_is_refused(file: bytes, step: int) -> None:
    kind, came = told(here(PROGRAM, [case(b"bull" * 4096, file, step)])[0])
    assert (kind, came) in (("ValueError", b""), ("AssertionError", b""))


# -- a device ----------------------------------------------------------------------------------


def updated(answer: Any) -> tuple[World, list[str]]:
    """A device that was offered NEW, and what it asked for until it was installed. answer: to a
    request for the packed file, from the right one."""
    world = World(new_flash(OLD), [OLD, NEW], offered=NEW)
    whole = world.updates.handler
    asked: list[str] = []

    def handler(request: Request) -> Reply:
        if world.said("event=installed"):
            return whole(request)
        asked.append(request.path.partition("?")[0])
        return answer(whole(request)) if request.path.endswith(".packed") else whole(request)

    world.updates.handler = handler
    world.run(900, until=lambda: world.confirmed("0.2.0"))
    assert world.confirmed("0.2.0") and not world.said("event=hindered")
    return world, asked


def test_an_update_of_the_application_downloads_little() -> None:
    world, asked = updated(lambda reply: reply)

    assert not world.said("event=unpacked")
    sizes = [len(NEW.site.get(path.lstrip("/"), b"")) for path in asked]
    assert max(sizes) > 100_000 and sum(sizes) <= LIMIT
    assert not [path for path in asked if path.endswith((".bundle", ".runtime"))]


@pytest.mark.parametrize("reply", [
    lambda right: Reply(404),
    lambda right: Reply(500),
    lambda right: Reply(body=b"<html>not here</html>"),
    lambda right: Reply(body=right.body[:-1]),
    lambda right: Reply(body=right.body[:9000] + b"\x00" + right.body[9001:]),
    lambda right: Reply(body=right.body, fault="truncate"),
    lambda right: Reply(body=right.body, fault="reset"),
    lambda right: Reply(body=right.body + bytes(200_000)),
], ids=["404", "500", "page", "short", "flipped", "torn", "reset", "long"])  # fmt: skip
def test_whatever_is_wrong_with_it_the_bundle_is_fetched(reply: Any) -> None:
    world, asked = updated(reply)

    assert world.said("event=unpacked")
    assert asked[-1].endswith(".bundle") and asked[-2].endswith(".packed")


@pytest.mark.parametrize("custom", [None, {}, {"version": "1"}, 5, "packed", ["packed"]])
def test_where_none_is_offered_nothing_is_wrong(custom: Any) -> None:
    """The runtime, a release that was signed before there were any: no complaint, one request."""
    said: list[str] = []
    fetched: list[Any] = []

    class Site:
        async def download(self, part: Any, sink: Any) -> None:
            fetched.append((part, sink))

    class Asked:
        site = Site()

        def say(self, event: str, words: str) -> None:
            said.append(event)

    part = Part("x", 512, "00" * 32, custom)
    asyncio.run(download(Asked(), part, "sink"))
    assert said == [] and fetched == [(part, "sink")]


# -- the desk ----------------------------------------------------------------------------------


def test_the_desk_says_what_is_wrong() -> None:
    bundle = BUNDLES["a sector more"]
    file, said = packing.file(bundle), packing.said(custom(bundle))
    assert packing.trouble(bundle, said, file) == ""
    assert packing.trouble(bundle, said, None) == "is missing"
    assert packing.trouble(bundle, said, file[:-1]) == "is not what was signed"
    assert packing.trouble(bundle, said, b"\0" + file[1:]) == "is not what was signed"
    assert packing.trouble(bundle, said, file[:-1] + b"\1") == "has a broken block 2"
    other = b"cats" * 2048 + b"x" * 512
    theirs = packing.said(custom(other))
    assert packing.trouble(bundle, theirs, packing.file(other)) == (
        "has another bundle in its block 0"
    )


def test_what_does_not_shrink_is_not_packed() -> None:
    assert packing.custom(noise(20_480)) == {}
