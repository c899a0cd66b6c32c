# struct, json, hashlib, binascii, time, errors and imports, as far as the firmware uses them.
import binascii
import hashlib
import io
import json
import math
import os
import random
import struct
import sys
import time


def attempt(action, *args):
    try:
        print(action(*args))
    except (ValueError, TypeError, ImportError, OverflowError) as error:
        for kind in (ValueError, TypeError, ImportError, OverflowError):
            if isinstance(error, kind):
                print("raises", kind.__name__)


print(struct.calcsize("<8sI32sII32s16s24sII"), struct.pack("<4sBxHI", b"toolong", 1, 2, 3))
print(struct.unpack("<4sxH", b"abcd\x00\x01\x02"), struct.unpack("<H", b"\x01\x02and more"))
attempt(struct.unpack, "<I", b"123")
attempt(struct.unpack_from, "<I", b"12345", 2)
room = bytearray(8)
struct.pack_into("<HI", room, 1, 5, 7)
print(room)
attempt(struct.pack_into, "<I", room, 6, 1)

for text in ('{"a":1', "[1,2]", '{"a":[null,true,-1.5e3,"x\\n"]}', "NaN", "[Infinity]", "", "nul",
             '"x', "{}x", "1e400", "{'a':1}", "[1]]", "1.0", "12345678901234567890"):  # fmt: skip
    attempt(json.loads, text)
attempt(json.loads, b'{"a":1}')
print(json.dumps({"a": [1, None, True, 1.5, '"\n\x01']}), json.dumps([1, 2], separators=(",", ":")))
print(json.dumps("\xe9").encode())
file = io.StringIO()
json.dump([1], file)
print(file.getvalue(), json.load(io.StringIO("[2]")))

digest = hashlib.sha256(b"a")
digest.update(memoryview(b"xbx")[1:2])
digest.update(bytearray(b"c"))
print(digest.digest() == hashlib.sha256(b"abc").digest(), digest.__class__ is not None)
attempt(digest.digest)
attempt(digest.update, b"x")
print([name for name in ("hexdigest", "copy") if hasattr(digest, name)])
print(hashlib.sha256().digest().hex()[:16], hashlib.sha1(b"a").digest()[:4])
print(binascii.crc32(b"abc"), binascii.crc32(b"abc", 0xFFFFFFFF), binascii.hexlify(b"\x01\xff"))
print(binascii.unhexlify("01ff"), bytes.fromhex("0aff"), binascii.a2b_base64(b"aGk="))
attempt(binascii.unhexlify, "0")
attempt(bytes.fromhex, "zz")

wrap = 1 << 30
print(time.ticks_diff(5, wrap - 5), time.ticks_diff(wrap - 5, 5), time.ticks_add(wrap - 5, 10))
print(time.ticks_add(5, -10) == wrap - 5, time.ticks_diff(1 << 29, 0), time.ticks_ms() < wrap)
attempt(time.ticks_add, 0, (1 << 29) - 1)
attempt(time.ticks_add, 0, 1 << 29)
print(time.gmtime(0), len(time.localtime()), time.mktime((2000, 1, 2, 0, 0, 0, 0, 0)))
attempt(time.mktime, (2000, 1, 2))
print(isinstance(time.time(), int), time.gmtime(time.time())[0])
start = time.ticks_ms()
time.sleep_ms(5)
print(5 <= time.ticks_diff(time.ticks_ms(), start) < 500)

for args in ((5,), (5, "x"), ("text",), (), (-202, "EAI"), (30,)):
    error = OSError(*args)
    print(type(error).__name__, error.errno, len(error.args), error)
    print(repr(error))
for name in ("nothing", "typing", "seesaw.app", "sys.x", "a.b.c"):
    attempt(__import__, name)
try:
    from os import nothing

    print(nothing)
except ImportError:
    print("no such name in a module")
print(sys.path, sys.byteorder, len(os.urandom(4)), 0 <= random.random() < 1, math.isfinite(1.5))
try:
    raise ValueError("shown")
except ValueError as error:
    sys.print_exception(error)
    sys.print_exception(error, file)
print(file.getvalue())
try:
    assert not sys.path  # the chip compiles main.py itself: asserts are on
except AssertionError:
    print("asserts are on")
try:
    sys.exit()
except SystemExit as error:
    print("exit", error.args)
