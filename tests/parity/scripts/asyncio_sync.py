# Event, Lock, ThreadSafeFlag; tasks that nobody awaits; what one run leaves to the next.
import asyncio


async def event():
    gate = asyncio.Event()

    async def wait(name):
        print(name, await gate.wait(), gate.is_set())

    for name in "abc":
        asyncio.create_task(wait(name))
    await asyncio.sleep(0)
    gate.set()
    gate.clear()
    await asyncio.sleep(0.03)
    gate.set()
    await wait("d")
    flag = asyncio.ThreadSafeFlag()
    flag.set()
    await flag.wait()
    print("flag")


async def lock():
    lock = asyncio.Lock()

    async def user(name):
        for turn in range(2):
            async with lock:
                print(name, turn, bool(lock.locked()))
                await asyncio.sleep(0)

    await asyncio.gather(user("A"), user("B"), user("C"))
    await lock.acquire()
    first, second = asyncio.create_task(user("D")), asyncio.create_task(user("E"))
    await asyncio.sleep(0)
    lock.release()
    first.cancel()  # it was handed the lock and has yet to run
    await second
    print(first.done(), second.done(), bool(lock.locked()))
    try:
        lock.release()
    except RuntimeError as error:
        print(error)


async def fails(text):
    raise ValueError(text)


async def answer():
    return 42


async def alone():
    task = asyncio.create_task(fails("awaited in time"))
    await asyncio.sleep(0)
    try:
        await task
    except ValueError as error:
        print("caught", error)
    task = asyncio.create_task(fails("awaited too late"))
    await asyncio.sleep(0.03)
    try:
        await task
    except ValueError as error:
        print("caught", error)
    asyncio.create_task(fails("never awaited"))
    await asyncio.sleep(0.03)
    task = asyncio.create_task(answer())
    await asyncio.sleep(0)
    print(await task, await task, task.done())
    try:
        asyncio.create_task(answer)
    except TypeError as error:
        print(error)
    return "alone"


async def background():
    for turn in range(3):
        print("background", turn)
        await asyncio.sleep(0)


async def leaves():
    asyncio.create_task(background())
    await asyncio.sleep(0)
    return "leaves"


async def nap(seconds):
    try:
        await asyncio.sleep(seconds)
    finally:
        print("nap over", seconds)


async def forgets():
    asyncio.create_task(nap(0.004))


async def cancelled():
    raise asyncio.CancelledError


asyncio.run(event())
asyncio.run(lock())
print(asyncio.run(alone()))
print(asyncio.run(leaves()))
print(asyncio.run(nap(0.05)))
asyncio.run(forgets())
asyncio.new_event_loop()
asyncio.run(nap(0.01))
try:
    asyncio.run(fails("of run"))
except ValueError as error:
    print(error)
try:
    asyncio.run(cancelled())
except asyncio.CancelledError as error:
    print(isinstance(error, Exception), issubclass(asyncio.TimeoutError, OSError))
try:
    asyncio.current_task()
except RuntimeError as error:
    print(error)
