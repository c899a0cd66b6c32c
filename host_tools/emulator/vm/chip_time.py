# `time` as the ESP32 port has it: epoch 2000 by the chip's clock, ticks that wrap at 2**30 ms.
import time as _host

from _bus import call

_PERIOD = 1 << 30
_START = _PERIOD - 60000 - _host.ticks_ms() % _PERIOD


def sleep(seconds):
    """In whole milliseconds, as the port counts them."""
    _host.sleep_ms(max(0, int(1000 * seconds)))


sleep_ms = _host.sleep_ms
sleep_us = _host.sleep_us


def time():
    return call("epoch")


def ticks_ms():
    return (_host.ticks_ms() + _START) % _PERIOD


def ticks_us():
    return _host.ticks_us() % _PERIOD


def ticks_add(ticks, delta):
    if not -_PERIOD // 2 < delta < _PERIOD // 2:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & (_PERIOD - 1)  # a TypeError for floats, as on the chip


def ticks_diff(end, start):
    half = _PERIOD // 2
    return ((end - start + half) & (_PERIOD - 1)) - half


def _int(value):
    """No integer argument takes a float there (mp_obj_get_int)."""
    if isinstance(value, float):
        raise TypeError("can't convert float to int")
    return value


def gmtime(seconds=None):
    if seconds is None:
        seconds = time()
    return _host.gmtime(_int(seconds) + 946684800)[:8]


localtime = gmtime


def mktime(fields):
    return int(_host.mktime(tuple([_int(field) for field in fields]))) - 946684800
