"""deflate as the ESP32 port has it: reading raw streams (micropython extmod/moddeflate.c)."""

import zlib
from typing import Any

RAW = 1
MEMORY = 1 << 8  # bytes of a compressed stream that are looked at in one go


class DeflateIO:
    """read() alone. OSError for a stream that is none, EOFError for one that ends too early."""

    def __init__(self, stream: Any, format: int, wbits: int) -> None:
        assert format == RAW and 8 <= wbits <= 15, "not reproduced"
        self._stream = stream
        self._inflate = zlib.decompressobj(-wbits)
        self._plain = b""

    def read(self, size: int) -> bytes:
        while len(self._plain) < size and not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._stream.read(MEMORY)
            if not data:
                raise EOFError
            try:
                self._plain += self._inflate.decompress(data, size)
            except zlib.error as error:
                raise OSError(22) from error
        found, self._plain = self._plain[:size], self._plain[size:]
        return found
