# ruff: noqa: F821 - HOST and PORT are put before this
# One question by UDP, and what comes of it.
import socket
import time

from network import WLAN

wlan = WLAN(WLAN.IF_STA)
wlan.active(True)
wlan.connect("home", "password")
while not wlan.isconnected():
    time.sleep_ms(10)

def attempt(action, *args):
    try:
        return action(*args)
    except OSError as error:
        return "errno " + str(error.errno)


address = socket.getaddrinfo(HOST, PORT, 0, socket.SOCK_DGRAM)[0][-1]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setblocking(False)
print(attempt(sock.recv, 64))
print(sock.sendto(b"question", address))
sock.settimeout(2)
print(attempt(sock.recv, 64))
print(sock.sendto(b"short", address))
print(attempt(sock.recv, 3))
sock.setblocking(False)
print(attempt(sock.recv, 64))
sock.close()
print(type(attempt(sock.recv, 64)))
