# ruff: noqa: UP041 - asyncio.TimeoutError is not TimeoutError on the chip
# Order of tasks, sleep, wait_for, gather, cancel.
import asyncio


async def count(name, times):
    for turn in range(times):
        print(name, turn)
        await asyncio.sleep(0)
    return name


async def slow(name):
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        print(name, "cancelled")
        raise
    finally:
        print(name, "finally")


async def stubborn():
    try:
        await asyncio.sleep(9)
    except asyncio.CancelledError:
        print("stays")
    return 5


async def late_cleaner():
    try:
        await asyncio.sleep(9)
    finally:
        await asyncio.sleep(0.005)
        print("cleaned up")


async def fails(name, wait_ms=0):
    await asyncio.sleep_ms(wait_ms)
    raise ValueError(name)


async def back_in_time():
    print("before")
    await asyncio.sleep(-1)
    print("after")


async def guard(name, awaitable):
    try:
        print(name, "gives", await awaitable)
    except asyncio.CancelledError:
        print(name, "was cancelled")
        raise


async def outcome(awaitable):
    try:
        print("->", await awaitable)
    except asyncio.TimeoutError as error:
        print("-> timeout", error.args)
    except (ValueError, TypeError) as error:
        print("->", type(error).__name__, error)


async def waiting():
    await outcome(asyncio.wait_for(count("w", 2), 1))
    await outcome(asyncio.wait_for(slow("a"), 0.01))
    await outcome(asyncio.wait_for(stubborn(), 0.01))
    await outcome(asyncio.wait_for(late_cleaner(), 0.01))
    await outcome(asyncio.wait_for(fails("x"), 1))
    await outcome(asyncio.wait_for(count("none", 1), None))
    await outcome(asyncio.wait_for_ms(count("ms", 1), 100))
    await outcome(asyncio.wait_for(asyncio.sleep(0), 1))
    task = asyncio.create_task(guard("outer", asyncio.wait_for(slow("inner"), 1)))
    await asyncio.sleep(0.03)
    print(task.cancel(), task.done())
    await asyncio.sleep(0.03)
    print(task.done())


async def gathering():
    print(await asyncio.gather(count("a", 3), count("b", 1), count("c", 2)))
    await asyncio.gather(back_in_time(), count("z", 2))
    print(await asyncio.gather())
    await outcome(asyncio.gather(fails("first", 5), count("other", 2)))
    await outcome(asyncio.gather(fails("one"), fails("two")))
    found = await asyncio.gather(fails("kept", 2), count("d", 1), return_exceptions=True)
    print([str(one) for one in found])
    over = asyncio.create_task(count("over", 1))
    bad = asyncio.create_task(fails("over and bad"))
    await asyncio.sleep_ms(0)
    await outcome(asyncio.gather(over, bad))
    task = asyncio.create_task(guard("gather", asyncio.gather(slow("g1"), slow("g2"))))
    await asyncio.sleep(0.03)
    task.cancel()
    await asyncio.sleep(0.03)
    print(task.done())


async def cancelling():
    inner = asyncio.create_task(slow("shared"))
    outer = asyncio.create_task(guard("waiter", inner))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print(outer.cancel())
    await asyncio.sleep(0.03)
    print(inner.done(), outer.done(), outer.cancel())
    inner = asyncio.create_task(stubborn())
    outer = asyncio.create_task(guard("waiter", inner))
    await asyncio.sleep(0.03)
    outer.cancel()
    await asyncio.sleep(0.03)
    print(inner.done(), outer.done())
    never = asyncio.create_task(count("never", 1))
    never.cancel()
    first, second = [asyncio.create_task(guard(name, count(name, 2))) for name in "pq"]
    await asyncio.sleep(0)
    first.cancel()  # it is due: it keeps its place before the other
    await asyncio.sleep(0.03)
    print(never.done(), first.done(), second.done())
    try:
        asyncio.current_task().cancel()
    except RuntimeError as error:
        print(error)


async def main():
    await waiting()
    await gathering()
    await cancelling()


asyncio.run(main())
