"""A bundle by its packed files: fewer bytes, and nothing is unpacked that was not signed."""

import asyncio
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import World, new_flash, release
from seesaw.packed import download
from seesaw.update.offer import Part
from tuf_rig import Vm
from tuf_vm import answers, here

from host_tools.emulator import micro_deflate
from host_tools.market.site import Reply, Request
from host_tools.release import packing, publish
from host_tools.release.publish import Release

OLD, NEW = release("0.1.0"), release("0.2.0")
NEXT = publish.over(NEW, OLD)
LIMIT = 120 << 10  # bytes that an update of the application alone may download
WHOLE_LIMIT = 160 << 10  # from a bundle that there is no difference from

# Answers ["", bundle] or [kind of error, as much of the bundle as came], in hex.
PROGRAM = """
import json
from binascii import hexlify, unhexlify
from seesaw.packed import Packed

class Part:
    url = "x"

class Running:
    "A bundle in a slot, from its second sector on."
    def __init__(self, data):
        self.data = bytes(4096) + data
    def readblocks(self, block, buf, offset):
        at = block * 4096 + offset
        found = self.data[at : at + len(buf)]
        if len(found) < len(buf):
            raise OSError(5)
        buf[:] = found

class Sink:
    def rewind(self):
        self.data, self.count = b"", 0
    def write(self, piece):
        assert len(piece) <= 512
        self.data, self.count = self.data + bytes(piece), self.count + len(piece)

def answer(case):
    size, found, file, step, base = json.loads(case)
    part, sink, file = Part(), Sink(), unhexlify(file)
    part.size = size
    sink.rewind()
    try:
        packed = Packed(part, ".p", found, sink, Running(unhexlify(base)), 4096)
        for again in range(2):
            packed.rewind()
            for at in range(0, len(file), step):
                packed.write(file[at : at + step])
        assert packed.count == len(file) == packed.size and packed.url == "x.p"
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


# (bundle, the one that it is a difference from)
PAIRS = {
    "the next release": (NEW.bundle.image[:40_960], OLD.bundle.image[:40_960]),
    "moved by two blocks": (NEW.bundle.image[:20_480], noise(1024) + OLD.bundle.image[:20_480]),
    "moved the other way": (noise(1536) + OLD.bundle.image[:20_480], OLD.bundle.image[:20_480]),
    "nothing in common": (NEW.bundle.image[:8704], noise(20_480)),
    "noise that stays": (noise(20_480), noise(20_480)),
    "a base of a sector": (NEW.bundle.image[:8704], OLD.bundle.image[:4096]),
    "a base that is too short": (NEW.bundle.image[:8704], OLD.bundle.image[:1536]),
}


def words(bundle: bytes, base: bytes = b"") -> dict[str, Any]:
    """What is signed of a packed file."""
    pieces = packing.pack(bundle, base)
    return {"length": sum(map(len, pieces)), "sha256": packing._sha256(pieces[0]).hex()}


def case(
    bundle: bytes, file: bytes | None = None, step: int = 4096, said: Any = None, base: bytes = b"",
    shown: bytes | None = None,
) -> bytes:  # fmt: skip
    """shown: what the running slot holds in place of the base."""
    file = packing.file(bundle, base) if file is None else file
    said = words(bundle, base) if said is None else said
    running = base if shown is None else shown
    return json.dumps([len(bundle), said, file.hex(), step, running.hex()]).encode()


def told(answer: bytes) -> tuple[str, bytes]:
    kind, data = json.loads(answer)
    return kind, bytes.fromhex(data)


def test_both_interpreters_unpack_what_was_packed(vm: Vm, tmp_path: Path) -> None:
    steps = (1, 17, 4096, 1 << 20)
    cases = [case(one, step=step) for one in BUNDLES.values() for step in steps]
    wanted = [one for one in BUNDLES.values() for _ in steps]

    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        assert [told(one) for one in found] == [("", one) for one in wanted]


def test_both_make_a_bundle_of_a_difference(vm: Vm, tmp_path: Path) -> None:
    steps = (1, 1000, 1 << 20)
    cases = [case(new, step=step, base=old) for new, old in PAIRS.values() for step in steps]
    wanted = [new for new, _ in PAIRS.values() for _ in steps]

    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        assert [told(one) for one in found] == [("", one) for one in wanted]


def test_a_difference_is_small_wherever_its_blocks_have_moved() -> None:
    share = {name: len(packing.file(*pair)) / len(pair[0]) for name, pair in PAIRS.items()}
    small = ("the next release", "moved by two blocks", "noise that stays")
    assert all(share[name] < 0.06 for name in small), share
    assert share["moved the other way"] < 0.13  # what is new of it is noise
    assert len(packing.file(*PAIRS["a base that is too short"])) == (
        len(packing.file(PAIRS["a base that is too short"][0]))
    )


def test_a_running_bundle_that_has_rotted_gives_another_or_none(vm: Vm, tmp_path: Path) -> None:
    """It was signed what is fetched, not what it is put upon: the install's own hashes see it."""
    bundle, base = PAIRS["the next release"]
    cases = [case(bundle, base=base, shown=one) for one in (
        bytes(len(base)), noise(len(base)), base[:9000] + b"\xff" * 600 + base[9600:], base[:20_000]
    )]  # fmt: skip
    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        kinds = [told(one) for one in found]
        assert all(kind or data != bundle for kind, data in kinds)
        assert kinds[-1][0] == "OSError"


def spoilt() -> list[bytes]:
    """Cases of a packed file that is not what was signed, or whose signed words are nonsense."""
    bundle = BUNDLES["a sector more"]
    file, said = packing.file(bundle), words(bundle)
    flips = [file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in range(len(file))]
    made = [case(bundle, one) for one in flips]
    made += [case(bundle, one) for one in (file + b"x", b"\x00" * 5000, b"<html>" * 400)]
    other = packing.file(bytes(len(bundle)))
    made += [case(bundle, other)]
    for found in ({}, None, [], 1, {**said, "sha256": "no"}, {**said, "sha256": 7}):
        made.append(json.dumps([len(bundle), found, file.hex(), 512, ""]).encode())
    # Signed, and yet nonsense: no streams, one that is too short, one that is too long, a base
    # that lies nowhere, no link.
    short = packing.pack(b"b")[1][20:]
    none, far = b"\xff\xff", b"\xfe\xff"
    for base, data in ((none, b"\xff" * 40), (none, short), (none, bytes(2200)), (far, short),
                       (none, b"")):  # fmt: skip
        pieces = [packing.LAST]
        for _ in range(5):
            pieces[-1] = pieces[-1] + data if data else b"no"
            link = len(pieces[-1]).to_bytes(2, "little") + base
            pieces.append(link + packing._sha256(pieces[-1])[:16])
        pieces.reverse()
        signed = {"length": sum(map(len, pieces)), "sha256": packing._sha256(pieces[0]).hex()}
        made.append(case(bundle, b"".join(pieces), said=signed))
    return made


def test_both_refuse_what_was_not_signed(vm: Vm, tmp_path: Path) -> None:
    """And whatever came before it is the bundle's own."""
    bundle, cases = BUNDLES["a sector more"], spoilt()
    for found in (here(PROGRAM, cases), answers(vm, tmp_path, PROGRAM, cases)):
        for one in found[:-5]:
            kind, came = told(one)
            assert kind and bundle.startswith(came)
        assert all(told(one)[0] for one in found[-5:])


@given(st.binary(max_size=3000), st.integers(1, 600))
def test_whatever_is_sent_is_refused(file: bytes, step: int) -> None:
    kind, came = told(here(PROGRAM, [case(b"bull" * 4096, file, step)])[0])
    assert (kind, came) in (("ValueError", b""), ("AssertionError", b""))


# -- a device ----------------------------------------------------------------------------------


def updated(answer: Any, offered: Release = NEW) -> tuple[World, list[str]]:
    """A device that was offered NEW, and what it asked for until it was installed. answer: to a
    request for a packed file, from the right one."""
    world = World(new_flash(OLD), [OLD, offered], offered=offered)
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


@pytest.mark.parametrize(("offered", "limit"), [(NEXT, LIMIT), (NEW, WHOLE_LIMIT)])
def test_an_update_of_the_application_downloads_little(offered: Release, limit: int) -> None:
    world, asked = updated(lambda reply: reply, offered)

    assert not world.said("event=unpacked")
    sizes = [len(offered.site.get(path.lstrip("/"), b"")) for path in asked]
    assert sum(sizes) <= limit
    assert not [path for path in asked if path.endswith((".bundle", ".runtime"))]
    assert len([path for path in asked if path.endswith(".packed")]) == 1


def test_without_the_difference_the_whole_packed_bundle_is_fetched() -> None:
    difference = packing.identity(OLD.bundle.image) + ".packed"
    (only,) = (path for path in NEXT.site if path.endswith(difference))
    lacking = replace(NEXT, site={k: v for k, v in NEXT.site.items() if k != only})
    world, asked = updated(lambda reply: reply, lacking)

    assert world.said("event=unpacked")
    assert [path.rpartition("/")[2].partition(".")[2] for path in asked][-2:] == (
        ["bundle." + difference, "bundle.packed"]
    )


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
@pytest.mark.parametrize("offered", [NEW, NEXT], ids=["whole", "difference"])
def test_whatever_is_wrong_with_it_the_bundle_is_fetched(reply: Any, offered: Release) -> None:
    world, asked = updated(reply, offered)

    assert world.said("event=unpacked")
    assert asked[-1].endswith(".bundle") and asked[-2].endswith(".packed")


@pytest.mark.parametrize("custom", [
    None, {}, {"version": "1"}, 5, "packed", ["packed"]
])  # fmt: skip
def test_where_none_is_offered_nothing_is_wrong(custom: Any) -> None:
    """The runtime, a release that was signed before there were any: no complaint, one request."""
    said: list[str] = []
    fetched: list[Any] = []

    class Site:
        async def download(self, part: Any, sink: Any) -> None:
            fetched.append((part, sink))

    class Boot:
        trailer = (0, b"", 4096, 512, bytes(32), "", "", 0)
        slot = None

    class Asked:
        site = Site()
        boot = Boot()

        def say(self, event: str, words: str) -> None:
            said.append(event)

    part = Part("x", 512, "00" * 32, custom)
    asyncio.run(download(Asked(), part, "sink"))
    assert said == [] and fetched == [(part, "sink")]


# -- the desk ----------------------------------------------------------------------------------


def test_the_desk_says_what_is_wrong() -> None:
    bundle = BUNDLES["a sector more"]
    file, said = packing.file(bundle), words(bundle)
    assert packing.trouble(bundle, said, file) == ""
    assert packing.trouble(bundle, said, None) == "is missing"
    assert packing.trouble(bundle, said, file[:-1]) == "is not what was signed"
    assert packing.trouble(bundle, said, b"\0" + file[1:]) == "is not what was signed"
    assert packing.trouble(bundle, said, file[:-1] + b"\1") == "has a broken piece 4"
    other = b"cats" * 2048 + b"x" * 512
    theirs = words(other)
    assert packing.trouble(bundle, theirs, packing.file(other)) == (
        "has another bundle in its piece 0"
    )


def test_what_does_not_shrink_is_not_packed() -> None:
    assert packing.custom(noise(20_480)) == {}
