"""The NOR flash: what it stores, what it refuses, where the power may go."""

import pytest

from host_tools.emulator.flash import (
    BLANK,
    PAGE,
    PROGRAM_MAX,
    Flash,
    IllegalProgram,
    Op,
    PowerCut,
)


def test_new_flash_is_erased_and_shares_one_blank_page():
    flash = Flash(4 * PAGE)
    assert flash.to_bytes() == b"\xff" * 4 * PAGE
    assert len({id(page) for page in flash.pages}) == 1


def test_from_bytes_round_trip_shares_blank_pages():
    data = b"\xff" * PAGE + b"\x00" * PAGE + b"\xff" * PAGE
    flash = Flash.from_bytes(bytearray(data))
    assert flash.to_bytes() == data
    assert flash.pages[0] is flash.pages[2] is BLANK


@pytest.mark.parametrize("size", [0, -PAGE, PAGE + 1])
def test_sizes_are_whole_pages(size):
    with pytest.raises(ValueError):
        Flash(size)


def test_bad_contents_are_refused():
    with pytest.raises(ValueError):
        Flash.from_bytes(b"\xff" * (PAGE + 1))
    with pytest.raises(ValueError):
        Flash(2 * PAGE, [BLANK])
    with pytest.raises(ValueError):
        Flash(PAGE, [b"short"])


def test_program_then_read_across_pages():
    flash = Flash(5 * PAGE)
    data = bytes(range(256)) * 33
    flash.program(PAGE - 10, data)
    assert flash.read(PAGE - 10, len(data)) == data
    assert flash.read(0, 3) == b"\xff\xff\xff"
    assert flash.pages[4] is BLANK


def test_program_clears_bits_of_what_is_there():
    flash = Flash(PAGE)
    flash.program(8, b"\xf0\x3f")
    flash.program(8, b"\x30\x0f")
    assert flash.read(7, 4) == b"\xff\x30\x0f\xff"


def test_program_that_changes_nothing_keeps_the_page():
    flash = Flash(PAGE)
    flash.program(0, b"\xff" * 64)
    assert flash.pages[0] is BLANK
    flash.program(0, b"\x55")
    page = flash.pages[0]
    flash.program(0, b"\x55\xff")
    assert flash.pages[0] is page
    assert flash.ops == 3


def test_program_of_a_one_over_a_zero_is_refused_whole():
    flash = Flash(2 * PAGE)
    flash.program(PAGE, b"\xff\x00\xf0")
    before = flash.to_bytes()
    with pytest.raises(IllegalProgram) as caught:
        flash.program(PAGE - 1, b"\x00\xff\x00\xf1")
    assert str(caught.value).startswith("program at 0x1002: 0xf0 -> 0xf1 needs an erase")
    assert "test_flash.py:" in str(caught.value)
    assert flash.to_bytes() == before
    assert flash.ops == 1


def test_erase_restores_the_blank_page_and_counts_wear():
    flash = Flash(2 * PAGE)
    flash.program(PAGE, b"\0" * PAGE)
    flash.erase(PAGE)
    flash.erase(PAGE)
    assert flash.pages[1] is BLANK
    assert flash.wear == {1: 2}
    assert flash.ops == PAGE // PROGRAM_MAX + 2


@pytest.mark.parametrize("addr", [1, PAGE - 1, 2 * PAGE, -PAGE])
def test_erase_takes_only_sectors_of_the_chip(addr):
    flash = Flash(2 * PAGE)
    with pytest.raises(ValueError):
        flash.erase(addr)
    assert flash.ops == 0


@pytest.mark.parametrize(("addr", "size"), [(-1, 1), (PAGE, 1), (PAGE - 1, 2), (0, -1)])
def test_read_and_program_stay_inside_the_chip(addr, size):
    flash = Flash(PAGE)
    with pytest.raises(ValueError):
        flash.read(addr, size)
    if size > 0:
        with pytest.raises(ValueError):
            flash.program(addr, bytes(size))


def test_nothing_programmed_is_no_operation():
    flash = Flash(PAGE)
    flash.program(PAGE, b"")
    assert (flash.ops, flash.read(PAGE, 0)) == (0, b"")


def test_copy_is_independent_and_has_no_history():
    flash = Flash(2 * PAGE)
    flash.on_op = flash.after_op = lambda op: None
    flash.erase(0)
    flash.cut = (5, "before")
    other = flash.copy()
    assert (other.ops, other.on_op, other.after_op, other.cut) == (0, None, None, None)
    assert other.wear == {0: 1}
    other.program(0, b"\0")
    other.erase(PAGE)
    assert flash.read(0, 1) == b"\xff"
    assert flash.wear == {0: 1}


def test_observers_see_the_operation_before_and_after():
    flash = Flash(PAGE)
    seen = []
    flash.on_op = lambda op: seen.append(("on", op, flash.read(0, 1)))
    flash.after_op = lambda op: seen.append(("after", op, flash.read(0, 1)))
    flash.program(0, b"\x12\x34")
    (on, op, before), (after, same, behind) = seen
    assert (on, before, after, behind) == ("on", b"\xff", "after", b"\x12")
    assert op is same
    assert (op.index, op.kind, op.addr, op.size) == (0, "program", 0, 2)


def run(flash):
    flash.erase(0)
    flash.program(0, b"\x01")
    flash.program(1, b"\x02")


@pytest.mark.parametrize(
    ("when", "kept"), [("before", b"\xff\xff"), ("after", b"\x01\xff")]
)
def test_power_cut_before_and_after(when, kept):
    flash = Flash(PAGE)
    flash.cut = (1, when)
    with pytest.raises(PowerCut) as caught:
        run(flash)
    assert (caught.value.op.index, caught.value.op.kind) == (1, "program")
    assert caught.value.when == when
    assert flash.read(0, 2) == kept
    assert flash.cut is None
    run(flash)  # the chip outlives the power
    assert (flash.read(0, 2), flash.ops) == (b"\x01\x02", 5)


def test_power_cut_is_not_caught_by_an_except_exception():
    assert not issubclass(PowerCut, Exception)


def test_an_observer_may_tear_an_operation():
    flash = Flash(PAGE)

    def tear(op: Op) -> None:
        flash.pages[0] = b"\x01" + BLANK[1:]
        raise PowerCut(op, "before")

    flash.on_op = tear
    with pytest.raises(PowerCut):
        flash.program(0, b"\x01\x02")
    assert flash.read(0, 2) == b"\x01\xff"


def callers(filename: str) -> list[str]:
    """The caller recorded when code of that file name programs through this test file."""
    flash = Flash(PAGE)
    seen: list[str] = []
    flash.on_op = lambda op: seen.append(op.caller)
    code = compile("\n\ndef go(write):\n    write()\n\ngo(write)\n", filename, "exec")
    exec(code, {"write": lambda: flash.program(0, b"\x00")})
    return seen


def test_caller_prefers_the_firmware():
    assert callers("seesaw/update/install.py") == ["seesaw/update/install.py:4"]
    assert callers("main.py") == ["main.py:4"]


def test_caller_is_else_the_nearest_host_line():
    (caller,) = callers("/somewhere/else.py")
    name, line = caller.split(":")
    assert name == "emulator/test_flash.py"
    assert int(line) > 0


@pytest.mark.parametrize("name", ["bootloader.py", "ota_ops.py", "nvs.py"])
def test_caller_is_the_chips_own_code_before_other_host_code(name):
    assert callers(f"/home/host_tools/emulator/{name}") == [f"emulator/{name}:4"]
