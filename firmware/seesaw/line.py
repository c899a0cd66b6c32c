"""Commands on the serial line of a program that runs. Who only listens loads no more than this.

Nothing is read while the beam moves: each byte takes a part of a frame, what follows from it takes
more, and the port keeps some 250. A Ctrl-C is the way to the prompt, but not within a packet of
Improv, whose every command has a 3: so it is read like the rest, and seesaw.typed knows. In a
trial, which nothing may disturb, all that comes is dropped.
"""

import asyncio

from micropython import const

from seesaw.port.serial import Serial

_IDLE_MS = const(500)  # between two looks until something comes: clients of Improv wait a second,
_LOOK_MS = const(50)  # and after it


async def run(program: object, name: str) -> None:
    """Run it, and listen meanwhile; ends as it does. name: of the program."""
    serial = Serial()
    try:
        # The first read is now: until then the 3 in what a client sends is a Ctrl-C.
        asyncio.create_task(_hear(program, name, serial, serial.read()))
        await program.run()
    finally:
        serial.end()  # in the pause after a crash Ctrl-C is on


async def _hear(program: object, name: str, serial: object, read: bytes) -> None:
    """read: what had come before."""
    typed = None
    while True:
        if read and not program.boot.trial:
            try:
                if not typed:
                    from seesaw.typed import Typed

                    typed = Typed(program, name, serial.write)
                await typed.take(read)
            except MemoryError:
                # What was typed is lost, and the next line has another chance: of a module that
                # fell while it was loaded MicroPython keeps nothing.
                typed = None
                print("console: MemoryError")
                if read[-1] == 3:
                    raise KeyboardInterrupt
        await asyncio.sleep_ms(_LOOK_MS if typed else _IDLE_MS)
        beam = getattr(program, "beam", None)
        read = (not beam or beam.still) and serial.read()
