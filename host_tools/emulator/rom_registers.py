"""The registers that a serial loader reads: chip, eFuses, clock, and the SPI flash controller.

Addresses and bits are those of each chip's technical reference manual (eFuse Controller, UART,
SPI); every register that is not named here reads as zero and forgets what is written to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MASK = 0xFFFFFFFF
SPI_BLOCK = 0x100  # bytes of registers of one SPI controller
SPI_CMD_USR = 1 << 18  # in CMD: start a user command; the hardware clears it when done
SPI_USR_MISO = 1 << 28  # in USR: the command has an answer
RDID, RDSR, RDSR2, RDSR3 = 0x9F, 0x05, 0x35, 0x15  # flash commands: identity, status


@dataclass(frozen=True, slots=True)
class RomChip:
    """What differs between chips. `spi_*` are offsets into the SPI controller at `spi`.

    since_s2: the commands that came with the ESP32-S2's ROM: it names its chip when asked for its
    security, and a write states whether the flash is to be encrypted.
    """

    name: str
    registers: Mapping[int, int]
    spi: int
    spi_usr: int
    spi_usr2: int
    spi_miso_dlen: int
    spi_w0: int
    since_s2: bool


def _newer(name: str, registers: dict[int, int]) -> RomChip:
    """An ESP32-S3 or C3: the same SPI controller, in the same place."""
    return RomChip(
        name=name,
        registers=MappingProxyType(registers),
        spi=0x60002000,
        spi_usr=0x18,
        spi_usr2=0x20,
        spi_miso_dlen=0x28,
        spi_w0=0x58,
        since_s2=True,
    )


# The MAC is 24:aa:5e:00:00:01 on each.
CHIPS = {
    "esp32": RomChip(
        name="esp32",
        registers=MappingProxyType(
            {
                0x40001000: 0x00F01D83,  # the ROM's word by which tools know the chip
                0x3FF5A004: 0x5E000001,  # eFuse word 1: low half of the MAC
                0x3FF5A008: 0x000024AA,  # word 2: high half
                0x3FF5A00C: 1 << 15 | 1 << 13 | 1 << 9,  # word 3: revision bit 0, 240 MHz, D0WD
                0x3FF5A010: 128,  # word 4: the 8 MHz clock's trim, see RTCCALICFG1
                0x3FF5A014: 1 << 20,  # word 5: revision bit 1
                0x3FF6607C: 1 << 31,  # APB_CTRL_DATE: revision bit 2; all three are v3.0
                0x3FF40014: 347,  # UART_CLKDIV: 40 MHz / 115200 baud
                0x3FF5F06C: 800 << 7,  # RTCCALICFG1: with word 4, a crystal of 40 MHz
            }
        ),
        spi=0x3FF42000,
        spi_usr=0x1C,
        spi_usr2=0x24,
        spi_miso_dlen=0x2C,
        spi_w0=0x80,
        since_s2=False,
    ),
    "esp32s3": _newer(
        "esp32s3",
        {
            0x60007044: 0x5E000001,  # eFuse block 1, word 0: low half of the MAC
            0x60007048: 0x000024AA,  # word 1: high half
            0x60007050: 2 << 18,  # word 3: revision v0.2, in a QFN56
            0x60007054: 1 << 7 | 1 << 3,  # word 4: 8 MB of PSRAM inside, of 3.3 V
        },
    ),
    "esp32c3": _newer(
        "esp32c3",
        {
            0x60008844: 0x5E000001,  # as on the S3
            0x60008848: 0x000024AA,
            0x60008850: 4 << 18,  # word 3: revision v0.4, in a QFN32, no flash inside
        },
    ),
}


class Registers:
    """The registers of one chip, with a flash chip on its SPI controller.

    flash_id: the three bytes that the flash answers to RDID, the first as the lowest.
    """

    def __init__(self, chip: RomChip, flash_id: int) -> None:
        self.chip = chip
        self.flash_id = flash_id
        self._spi: dict[int, int] = {}  # by offset, of SPI_BLOCK

    def read(self, address: int) -> int:
        offset = address - self.chip.spi
        if 0 <= offset < SPI_BLOCK:
            return self._spi.get(offset, 0)
        return self.chip.registers.get(address, 0)

    def write(self, address: int, value: int, mask: int = MASK) -> None:
        """Set the bits of `mask`. Only the SPI controller takes note."""
        offset = address - self.chip.spi
        if not 0 <= offset < SPI_BLOCK:
            return
        value = (self._spi.get(offset, 0) & ~mask | value & mask) & MASK
        if offset == 0 and value & SPI_CMD_USR:
            self._run_flash_command()
            value &= ~SPI_CMD_USR
        self._spi[offset] = value

    def _run_flash_command(self) -> None:
        """Answer identity and status; for all else nobody drives the line, which floats high."""
        if not self._spi.get(self.chip.spi_usr, 0) & SPI_USR_MISO:
            return
        command = self._spi.get(self.chip.spi_usr2, 0) & 0xFF
        answers = {RDID: self.flash_id, RDSR: 0, RDSR2: 0, RDSR3: 0}
        bits = min(self._spi.get(self.chip.spi_miso_dlen, 0) + 1, 32)
        self._spi[self.chip.spi_w0] = answers.get(command, MASK) & ((1 << bits) - 1)
