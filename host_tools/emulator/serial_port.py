"""The board's serial port as a PTY, for mpremote, esptool and any terminal program."""

import contextlib
import errno
import os
import pty
import select
import tty

PIECE = 4096  # bytes


class SerialPort:
    """`path` is what a program opens. Bytes written while nobody reads are lost, as on a wire."""

    def __init__(self) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        # The slave stays open here, so that the port outlives the programs that open it.
        self.path = os.ttyname(self._slave)

    def fileno(self) -> int:
        return self.master

    def read(self) -> bytes:
        """What was typed; empty when nothing is there."""
        try:
            return os.read(self.master, PIECE)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise

    def wait(self, timeout_s: float) -> bytes:
        """What is typed within this time; empty when nothing is."""
        select.select([self.master], [], [], timeout_s)
        return self.read()

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            while data:
                data = data[os.write(self.master, data) :]

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)
