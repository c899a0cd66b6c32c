# The way from the MicroPython VM into the emulated chip: one frame out, one frame back.
# Frame: header length, payload length (u32 LE each), JSON header, payload bytes.
import json
import struct
import sys

COPIED_MAX = 2048  # bytes: RTC memory and the like; a sector is not held twice
_sector = bytearray(4096)  # of the last reply, made once: the chip has no such buffer on the heap
_files = []
_alarms = {}
_marks = [0]
_ERRORS = {
    "OverflowError": OverflowError,
    "RuntimeError": RuntimeError,
    "TypeError": TypeError,
    "ValueError": ValueError,
}


payload = memoryview  # of a bytearray: it is sent at once, so it needs no copy


def begin(receive, send):
    _files[:] = [open(receive, "rb"), open(send, "wb")]


def on_alarm(id, callback):
    _alarms[id] = callback


def _read(size):
    buf = _sector if size == len(_sector) else bytearray(size)
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


def _check(value):
    """The chip's calls take numbers, text and buffers; of anything else json makes no JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            _check(item)
    elif value is not None and not isinstance(value, (bool, int, float, str, bytes, memoryview)):
        raise TypeError("can't convert " + type(value).__name__ + " to int")


def _send(name, args):
    payload = b""
    if args and isinstance(args[-1], (bytes, memoryview)):
        payload = args[-1]
        args = args[:-1] + (True,)
    else:
        args += (False,)
    header = json.dumps((name, args)).encode()
    frame = struct.pack("<II", len(header), len(payload)) + header
    if len(payload) <= COPIED_MAX:
        frame += payload
    _files[1].write(frame)
    if len(payload) > COPIED_MAX:
        _files[1].write(payload)


def _exchange(name, args):
    _send(name, args)
    sizes = struct.unpack("<II", _read(8))
    kind, value, ring = json.loads(_read(sizes[0]))
    data = _read(sizes[1]) if kind == "bytes" else None
    if data is not None and sizes[1] <= COPIED_MAX:
        data = bytes(data)
    return kind, value, ring, data


def _resync():
    """Ctrl-C has left some of a reply in the pipe: read on to a mark that the host sends."""
    while True:
        try:
            _marks[0] += 1
            mark = b"\xff\x00mark" + struct.pack("<I", _marks[0])
            _send("mark", (mark,))
            seen = b""
            while seen != mark:
                seen = (seen + _read(1))[-len(mark) :]
            return
        except KeyboardInterrupt:
            pass


def call(name, *args):
    _check(args)
    try:
        kind, value, ring, data = _exchange(name, args)
    except KeyboardInterrupt:
        _resync()
        raise
    for id in ring:
        if id in _alarms:
            _ring(_alarms[id])
    if kind == "bytes":
        return data
    if kind == "value":
        return value
    raise _ERRORS.get(kind, OSError)(*value)
