"""What a chip says of its own resets on the serial line, before any firmware runs.

`machine.reset_cause()` calls a brown-out power-on, and a panic the same as a reset that was meant.
The numbers are the ROM's RESET_REASON (esp_rom rom/rtc.h), of which all chips share those below.
"""

import re

ROM = re.compile(r"\brst:0x([0-9a-f]{1,2})\b")
DETECTOR = re.compile(r"Brownout detector was triggered")
PANIC = re.compile(r"Guru Meditation Error|abort\(\) was called")
TASK = re.compile(r"Task watchdog got triggered")
BROWN_OUT = "brown-out: the supply broke down"
POWER_ON = "power-on"
SOFTWARE = "reset by its own software"
WATCHDOG = "watchdog of the chip"
NUMBERS = {
    0x1: POWER_ON, 0x3: SOFTWARE, 0x5: "woken from deep sleep", 0x7: WATCHDOG, 0x8: WATCHDOG,
    0x9: WATCHDOG, 0xB: WATCHDOG, 0xC: SOFTWARE, 0xD: WATCHDOG, 0xE: "reset by the other core",
    0xF: BROWN_OUT, 0x10: WATCHDOG, 0x11: WATCHDOG, 0x12: WATCHDOG, 0x13: "glitch on the supply",
    0x15: "reset over USB", 0x16: "reset over USB",
}  # fmt: skip


def told(line: str) -> str:
    """What this line says about a reset, in words; "" when it is about none."""
    if found := ROM.search(line):
        number = int(found[1], 16)
        return NUMBERS.get(number, f"reason {number:#x}")
    if DETECTOR.search(line):
        return BROWN_OUT
    if PANIC.search(line):
        return "panic: the runtime itself fell over"
    return "watchdog: a program hung for a minute" if TASK.search(line) else ""


def resets(text: str) -> list[str]:
    """All that a log tells, in order."""
    return [words for line in text.splitlines() if (words := told(line))]
