# An error that leaves main.py is printed; the prompt waits for somebody, for ever.
import asyncio


async def cancelled():
    raise asyncio.CancelledError


def deep():
    raise OSError(2, "nothing here")


try:
    deep()
except OSError as error:
    print(error)
asyncio.run(cancelled())
