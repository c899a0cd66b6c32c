"""The board's serial port as a PTY, for mpremote, esptool and any terminal program."""

import errno
import os
import pty
import select
import tty

PIECE = 4096  # bytes
WRITE_S = 1.0  # how long a full line waits for its reader, before nobody is taken to read


class SerialPort:
    """`path` is what a program opens. Bytes written while nobody reads are lost, as on a wire."""

    def __init__(self) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        # The slave stays open here, so that the port outlives the programs that open it.
        self.path = os.ttyname(self._slave)
        self._unread = False  # full, and nobody read

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
        while data:
            try:
                data = data[os.write(self.master, data) :]
                self._unread = False
            except BlockingIOError:
                if self._unread or not select.select([], [self.master], [], WRITE_S)[1]:
                    self._unread = True
                    return

    def close(self) -> None:
        os.close(self.master)
        os.close(self._slave)
