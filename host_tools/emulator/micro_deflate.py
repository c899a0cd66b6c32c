"""deflate as the ESP32 port has it: reading raw streams (micropython extmod/moddeflate.c)."""

import zlib
from typing import Any

RAW = 1


class DeflateIO:
    """read() alone. It takes no more of the stream than what it gives needs, so that a stream may
    be filled again. OSError for a stream that is none, EOFError for one that ends too early."""

    def __init__(self, stream: Any, format: int, wbits: int) -> None:
        assert format == RAW and 8 <= wbits <= 15, "not reproduced"
        self._stream = stream
        self._inflate = zlib.decompressobj(-wbits)

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size and not self._inflate.eof:
            data = self._stream.read()
            try:
                plain = self._inflate.decompress(data, size - len(found))
            except zlib.error as error:
                raise OSError(22) from error
            tail = self._inflate.unconsumed_tail or self._inflate.unused_data
            self._stream.seek(-len(tail), 1)
            if not plain and not tail and not self._inflate.eof:
                raise EOFError
            found += plain
        return found
