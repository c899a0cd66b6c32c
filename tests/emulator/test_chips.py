"""The table of chips: against Espressif's own tool, and as firmware meets it through `machine`."""

import pytest
import tiny
from esptool.targets import CHIP_DEFS
from images import app, flash

from host_tools.emulator.board import Options
from host_tools.emulator.bootloader import BootFailure, boot
from host_tools.emulator.chips import CHIPS, Chip, by_id
from host_tools.emulator.pwm import Pwm

OUT = 3  # machine.Pin.OUT
OTHERS = [(own, other) for own in CHIPS for other in CHIPS if own != other]
every_chip = pytest.mark.parametrize("chip", CHIPS.values(), ids=list(CHIPS))


def pwm(chip: Chip) -> Pwm:
    return Pwm(chip.name, lambda: 0)


def tried(script: str, chip: str) -> list[str]:
    """What each line of a script comes to on the CPython engine: `ok`, or the exception."""
    main = "from machine import PWM, Pin\n" + "".join(
        f"try:\n    {line}\n    print('ok')\n"
        "except Exception as error:\n    print(type(error).__name__, error.args)\n"
        for line in script.splitlines()
    )
    board = Options(chip=chip)
    image = flash(app(chip_id=CHIPS[chip].id), chip=chip)
    vfs = tiny.BOARD.partition("vfs")  # its table is the one of `images`
    image.program(vfs.offset, tiny.flash(main).read(vfs.offset, vfs.size))
    bench = tiny.on_cpython(image, options=board)
    bench.run(10)
    return bench.lines


@every_chip
def test_espressifs_tool_says_the_same(chip: Chip):
    rom = CHIP_DEFS[chip.name]
    assert (chip.title, chip.id) == (rom.CHIP_NAME, rom.IMAGE_CHIP_ID)
    assert chip.bootloader_offset == rom.BOOTLOADER_FLASH_OFFSET
    assert chip.mapped[0] == range(rom.DROM_MAP_START, rom.DROM_MAP_END)
    assert chip.mapped[1] == range(rom.IROM_MAP_START, rom.IROM_MAP_END)
    areas = {name: range(start, end) for start, end, name in rom.MEMORY_MAP}
    assert chip.dram in areas["DRAM"] and chip.iram in areas["IRAM"]
    assert by_id(chip.id) is chip


def test_an_unknown_chip_id_is_an_error():
    with pytest.raises(ValueError, match="unknown chip id 77"):
        by_id(77)


@pytest.mark.parametrize(
    ("name", "highest", "missing"),
    [
        ("esp32", 39, {24, 28, 29, 30, 31}),
        ("esp32s3", 48, {22, 23, 24, 25, 27, 28, 29, 30, 31, 32}),
        ("esp32c3", 21, {14, 15, 16, 17, 18, 19}),
    ],
)
def test_pins_that_are_there_and_pins_that_are_not(name: str, highest: int, missing: set[int]):
    chip = pwm(CHIPS[name])
    for number in range(-1, 64):
        if 0 <= number <= highest and number not in missing:
            assert chip.pin(number, -1, None) == 0
        else:
            with pytest.raises(ValueError, match="invalid pin"):
                chip.pin(number, -1, None)


@every_chip
def test_every_pin_drives_but_the_input_only_ones(chip: Chip):
    made = pwm(chip)
    for number in chip.outputs:
        assert made.pin(number, OUT, 1) == 1
    for number in chip.input_only:
        assert made.pin(number, 1, None) == 0
        with pytest.raises(ValueError, match="pin can only be input"):
            made.pin(number, OUT, 1)
        with pytest.raises(OSError, match="ESP_ERR_INVALID_ARG"):
            made.pwm_init(number, 50, None, 0, None)
    assert made.pulses == []


def test_as_firmware_meets_them():
    script = "Pin(40)\nPin(34)\nPin(34, Pin.OUT)\nPWM(Pin(34), freq=50, duty_u16=0)\nPin(18)"
    assert tried(script, "esp32") == [
        "ValueError ('invalid pin',)",
        "ok",
        "ValueError ('pin can only be input',)",
        "OSError (-258, 'ESP_ERR_INVALID_ARG')",
        "ok",
    ]
    assert tried(script, "esp32s3") == ["ok"] * 5
    assert tried("Pin(18)\nPin(21)\nPin(22)", "esp32c3") == [
        "ValueError ('invalid pin',)", "ok", "ValueError ('invalid pin',)",
    ]  # fmt: skip


@every_chip
def test_a_servo_pulse_is_as_fine_as_the_timer(chip: Chip):
    made = pwm(chip)
    made.pwm_init(4, 50, None, 0, None)
    seen = set()
    for ns in range(1_500_000, 1_510_000, 50):
        made.pwm_duty(4, 0, ns)
        seen.add(made.pulse_ns(4))
        assert abs(made.pulse_ns(4) - ns) <= 20_000_000 / 2**chip.pwm_bits + 1
    steps = 10_000 / (20_000_000 / 2**chip.pwm_bits)
    assert steps <= len(seen) <= steps + 2


@pytest.mark.parametrize(("own", "other"), OTHERS)
def test_a_chip_starts_no_app_of_another(own: str, other: str):
    foreign = flash(app(chip_id=CHIPS[other].id), chip=own)
    with pytest.raises(BootFailure, match="no bootable app") as caught:
        boot(foreign, chip=own)
    assert any(f"made for chip id {CHIPS[other].id}" in line for line in caught.value.log)


@pytest.mark.parametrize(("own", "other"), OTHERS)
def test_a_bootloader_is_looked_for_where_the_chip_does(own: str, other: str):
    device = flash(app(chip_id=CHIPS[own].id), chip=own)
    assert boot(device, chip=own).slot.label == "ota_0"
    if CHIPS[own].bootloader_offset != CHIPS[other].bootloader_offset:
        with pytest.raises(BootFailure, match="no bootloader"):
            boot(device, chip=other)
