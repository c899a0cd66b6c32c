"""Commands on the serial line of a program that runs. Who only listens loads no more than this.

Nothing is read while the beam moves: each byte takes a part of a frame, what follows from it takes
more, and the port keeps some 250. Ctrl-C stays what it is, the way to the prompt. In a trial, which
nothing may disturb, all that is typed is dropped.
"""

import asyncio

from micropython import const

from seesaw.port.serial import Serial

_PIECE = const(64)  # bytes in one look
_IDLE_MS = const(1000)  # between two looks until something is typed,
_LOOK_MS = const(50)  # and after it


def listen(program: object, name: str) -> None:
    """Begin the task. name: of the program."""
    asyncio.create_task(_listen(program, name))


async def _listen(program: object, name: str) -> None:
    serial = Serial()
    typed = None
    while True:
        await asyncio.sleep_ms(_LOOK_MS if typed else _IDLE_MS)
        beam = getattr(program, "beam", None)
        piece = serial.read(_PIECE) if beam is None or beam.still else b""
        if piece and not program.boot.trial:
            try:
                if typed is None:
                    from seesaw.typed import Typed

                    typed = Typed(program, name)
                await typed.take(piece)
            except MemoryError:
                # What was typed is lost, and the next line has another chance: of a module that
                # fell while it was loaded MicroPython keeps nothing.
                typed = None
                print("console: MemoryError")
