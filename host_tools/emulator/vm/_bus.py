# The way from the MicroPython VM into the emulated chip: one frame out, one frame back.
# Frame: header length, payload length (u32 LE each), JSON header, payload bytes.
import json
import struct
import sys

_files = []
_alarms = {}
_ERRORS = {
    "OverflowError": OverflowError,
    "RuntimeError": RuntimeError,
    "TypeError": TypeError,
    "ValueError": ValueError,
}


def begin(receive, send):
    _files[:] = [open(receive, "rb"), open(send, "wb")]


def on_alarm(id, callback):
    _alarms[id] = callback


def _read(size):
    buf = bytearray(size)
    view = memoryview(buf)
    got = 0
    while got < size:
        count = _files[0].readinto(view[got:])
        if not count:
            raise SystemExit  # the chip is gone
        got += count
    return buf


def _ring(callback):
    try:
        callback()
    except BaseException as error:  # as the VM's scheduler does
        sys.print_exception(error)


def call(name, *args):
    payload = b""
    if args and isinstance(args[-1], bytes):
        payload = args[-1]
        args = args[:-1] + (True,)
    else:
        args += (False,)
    header = json.dumps((name, args)).encode()
    _files[1].write(struct.pack("<II", len(header), len(payload)) + header + payload)
    sizes = struct.unpack("<II", _read(8))
    kind, value, ring = json.loads(_read(sizes[0]))
    data = bytes(_read(sizes[1])) if kind == "bytes" else None
    for id in ring:
        if id in _alarms:
            _ring(_alarms[id])
    if kind == "bytes":
        return data
    if kind == "value":
        return value
    raise _ERRORS.get(kind, OSError)(*value)
