# ruff: noqa: UP041 - asyncio.TimeoutError is not TimeoutError on the chip
# Streams against a server that does what the first word says; host and port stand in NVS.
import asyncio

from esp32 import NVS
from network import WLAN

nvs = NVS("server")
name = bytearray(40)
host = name[: nvs.get_blob("host", name)].decode()
port = nvs.get_i32("port")


async def ask(word):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(word + b"\n")
    await writer.drain()
    return reader, writer


async def attempt(name, awaitable):
    try:
        print(name, await awaitable)
    except (OSError, EOFError) as error:
        print(name, type(error).__name__, getattr(error, "errno", None))
    except asyncio.TimeoutError:
        print(name, "timeout")


async def without_a_network():
    try:
        await asyncio.open_connection(host, port)
    except OSError as error:
        print("without", error.errno)
    radio = WLAN(WLAN.IF_STA)
    radio.active(True)
    radio.connect("home", "password")
    while not radio.isconnected():
        await asyncio.sleep_ms(5)


async def reading():
    reader, writer = await ask(b"lines")
    print(await reader.readline(), await reader.readline(), await reader.readline())
    print(await reader.readline(), await reader.read(5), await reader.read())
    await writer.wait_closed()
    reader, writer = await ask(b"lines")
    print(await reader.readexactly(6), await reader.readexactly(0), await reader.read(-1))
    reader, writer = await ask(b"lines")
    await attempt("too few", reader.readexactly(100))
    reader, writer = await ask(b"lines")
    room = bytearray(4)
    print(await reader.readinto(room), room)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"lin")
    writer.write(b"es\n")  # sent without a drain
    print(await reader.readline(), reader is writer)
    try:
        reader.get_extra_info("peername")
    except KeyError:
        print("no peername")


async def failing():
    reader, writer = await ask(b"reset")
    await attempt("reset", reader.read(10))
    reader, writer = await ask(b"hang")
    await attempt("hang", asyncio.wait_for(reader.read(10), 0.02))
    reader, writer = await asyncio.open_connection(host, 1)
    await attempt("refused at read", reader.read(10))
    await attempt("then", reader.read(10))
    reader, writer = await asyncio.open_connection(host, 1)
    try:
        writer.write(b"x")
    except OSError as error:
        print("refused at write", error.errno)
    try:
        await asyncio.open_connection("no.such.name.invalid", port)
    except OSError:
        print("no such name")


async def several():
    async def one(number):
        reader, writer = await ask(b"lines")
        text = await reader.read()
        await writer.wait_closed()
        return number, len(text)

    print(await asyncio.gather(*[one(number) for number in range(4)]))


asyncio.run(without_a_network())
asyncio.run(reading())
asyncio.run(failing())
asyncio.run(several())
