# `socket` with the chip's resolver before the host's: a lookup blocks the whole VM, as lwIP's does.
import socket as _host
from time import sleep_ms

from _bus import call
from _overlay import Overlay


def getaddrinfo(host, port, *more):
    if host == "0.0.0.0":  # to listen on our access point: a port of this machine stands for ours
        return _host.getaddrinfo(*call("listen", port), *more)
    if not isinstance(host, str):
        raise TypeError("can't convert '" + type(host).__name__ + "' object to str implicitly")
    ms, answered = call("resolve", host)
    if ms:
        sleep_ms(ms)
    if not answered:
        raise OSError(-202, "EAI_FAIL")
    return _host.getaddrinfo(*call("route", host, port), *more)


socket = Overlay(_host, getaddrinfo=getaddrinfo)
