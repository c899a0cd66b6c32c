"""The chips that boards may have: the one table of what differs between them.

Memory: each chip's soc.h in ESP-IDF (components/soc). Pins: machine_pin.h of MicroPython's ESP32
port, ESP-IDF "GPIO & RTC GPIO", and each chip's datasheet (strapping pins). PWM: soc_caps.h and
machine_pwm.c.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chip:
    """A chip. Offsets are of its flash, addresses of its memory, pins are GPIO numbers."""

    name: str
    title: str  # as people write it
    id: int  # in image headers
    revision: int  # of the emulated one: major * 100 + minor
    bootloader_offset: int
    mapped: tuple[range, range]  # data and code that are read through the flash cache, not copied
    dram: int  # where an app's data and code may be copied to
    iram: int
    guards_ram: bool  # is its bootloader's own RAM modelled?
    pwm_bits: int  # of duty at 50 Hz: 305 ns a step with 16, 2.44 us with 13
    pins: frozenset[int]  # what machine.Pin takes
    input_only: frozenset[int]
    strapping: frozenset[int]  # their levels at power-up choose how the chip starts
    flash: frozenset[int]  # of the modules that boards are made of
    psram: frozenset[int]  # likewise, where there is some
    serial: frozenset[int]  # the console: UART 0 and the chip's own USB

    @property
    def drom(self) -> int:
        """Where data that is read from flash begins."""
        return self.mapped[0].start

    @property
    def irom(self) -> int:
        """Where code that runs from flash begins."""
        return self.mapped[1].start

    @property
    def outputs(self) -> frozenset[int]:
        """The pins that can drive something."""
        return self.pins - self.input_only


def _pins(*parts: range | int) -> frozenset[int]:
    """The pins of these ranges (from Python: without their ends) and numbers."""
    return frozenset(pin for part in parts for pin in ([part] if isinstance(part, int) else part))


ESP32 = Chip(
    name="esp32",
    title="ESP32",
    id=0,
    revision=300,
    bootloader_offset=0x1000,
    mapped=(range(0x3F400000, 0x3F800000), range(0x400D0000, 0x40400000)),
    dram=0x3FFB0000,
    iram=0x40080000,
    guards_ram=True,
    pwm_bits=16,
    pins=_pins(range(24), range(25, 28), range(32, 40)),
    input_only=_pins(range(34, 40)),
    strapping=_pins(0, 2, 5, 12, 15),
    flash=_pins(range(6, 12)),
    psram=_pins(16, 17),
    serial=_pins(1, 3),
)
ESP32S3 = Chip(
    name="esp32s3",
    title="ESP32-S3",
    id=9,
    revision=2,
    bootloader_offset=0x0,
    mapped=(range(0x3C000000, 0x3E000000), range(0x42000000, 0x44000000)),
    dram=0x3FC90000,
    iram=0x40378000,
    guards_ram=False,
    pwm_bits=13,
    pins=_pins(range(22), 26, range(33, 49)),
    input_only=_pins(),
    strapping=_pins(0, 3, 45, 46),
    flash=_pins(range(27, 33)),
    psram=_pins(26, range(33, 38)),  # an octal one takes them all
    serial=_pins(19, 20, 43, 44),
)
ESP32C3 = Chip(
    name="esp32c3",
    title="ESP32-C3",
    id=5,
    revision=4,
    bootloader_offset=0x0,
    mapped=(range(0x3C000000, 0x3C800000), range(0x42000000, 0x42800000)),
    dram=0x3FC90000,
    iram=0x40380000,
    guards_ram=False,
    pwm_bits=13,
    pins=_pins(range(14), 20, 21),  # 18 and 19 are the USB of every official build
    input_only=_pins(),
    strapping=_pins(2, 8, 9),
    flash=_pins(range(11, 18)),
    psram=_pins(),
    serial=_pins(18, 19, 20, 21),
)

CHIPS = {chip.name: chip for chip in (ESP32, ESP32S3, ESP32C3)}


def by_id(chip_id: int) -> Chip:
    """The chip with this id in its image headers. ValueError for one that is not known."""
    for chip in CHIPS.values():
        if chip.id == chip_id:
            return chip
    raise ValueError(f"unknown chip id {chip_id}")
