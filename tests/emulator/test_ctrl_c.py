"""Ctrl-C on the serial line: it interrupts the program, and never the way into the chip."""

import threading
import time

import pytest
import tiny

PROMPT_S = 20  # of real time, at most


@pytest.fixture
def pressing():
    """Presses Ctrl-C on a device again and again, from when it is ready until the test is over."""
    over = threading.Event()
    threads = []

    def start(device, every_s, ready=lambda: True):
        def press():
            while not over.wait(every_s):
                if ready():
                    device.press_ctrl_c()

        threads.append(threading.Thread(target=press))
        threads[0].start()

    yield start
    over.set()
    for thread in threads:
        thread.join()


BUSY = """
import machine
wrong = ""
def ask():
    print("asks")
    while True:
        if machine.unique_id() != b"\\x24\\xaa\\x5e\\x00\\x00\\x01" or machine.reset_cause() != 1:
            return "answer of another call"
for hits in range(8):
    try:
        wrong = ask()
        break
    except KeyboardInterrupt:
        pass
print("hits", hits, wrong)
"""


def test_a_call_torn_by_ctrl_c_leaves_the_next_ones_whole(pressing):
    bench = tiny.on_micropython(BUSY)
    pressing(bench.device, 0.03, lambda: "asks" in bench.text)
    bench.run(PROMPT_S, until=lambda: "hits" in bench.text and bench.text.endswith("\n"))

    assert "hits 7 \n" in bench.text, bench.text
    assert bench.events == ["boot ota_0 cause 1"]


def test_ctrl_c_while_the_vm_starts_is_lost(pressing):
    bench = tiny.on_micropython(
        "import time\ntry:\n time.sleep(0.3)\n print('slept')\nexcept KeyboardInterrupt:\n"
        " print('hit')\n"
    )
    pressing(bench.device, 0.001)
    started = time.monotonic()
    bench.run(PROMPT_S)

    assert bench.events == ["boot ota_0 cause 1"]  # the VM lived
    assert time.monotonic() - started < PROMPT_S


def test_a_program_that_minds_no_ctrl_c_ends_at_the_prompt_on_cpython():
    bench = tiny.on_cpython("import time\ntime.sleep(60)\nprint('slept')\n")
    bench.device.press_ctrl_c(1)
    outcome = bench.run(100)

    assert outcome.reason == "idle"
    assert bench.lines[-1].startswith("KeyboardInterrupt") and "slept" not in bench.text


def test_ctrl_c_of_this_process_is_no_key_on_cpython(monkeypatch):
    """A person who stops the tests stops the tests."""
    bench = tiny.on_cpython("import time\ntime.sleep(60)\n")

    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench.run(100, until=stop)
