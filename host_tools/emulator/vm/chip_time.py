# `time` as the ESP32 port has it: epoch 2000 by the chip's clock, ticks that wrap at 2**30 ms.
import time as _host

from _bus import call

_PERIOD = 1 << 30
_START = _PERIOD - 60000 - _host.ticks_ms() % _PERIOD

sleep = _host.sleep
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
    return (ticks + delta) % _PERIOD


def ticks_diff(end, start):
    half = _PERIOD // 2
    return (end - start + half) % _PERIOD - half


def gmtime(seconds=None):
    if seconds is None:
        seconds = time()
    return _host.gmtime(seconds + 946684800)[:8]


localtime = gmtime


def mktime(fields):
    return int(_host.mktime(fields)) - 946684800
