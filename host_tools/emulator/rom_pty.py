"""A pseudo-terminal behind which a ROM loader answers, for the real esptool."""

import os
import pty
import select
import threading
import tty

from host_tools.emulator.rom_loader import RomLoader

READ_SIZE = 65536  # bytes


class RomPort:
    """A serial port with a loader behind it, from entering the context to leaving it.

    path: what to give as `--port`. One thread relays; only it touches the loader meanwhile.
    """

    def __init__(self, loader: RomLoader) -> None:
        self.loader = loader
        self.path = ""

    def __enter__(self) -> "RomPort":
        # Our own hold on the far end keeps the line up while no program has it open.
        self._line, self._far = pty.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._line, False)
        self._stopped, self._stop = os.pipe()
        self.path = os.ttyname(self._far)
        self._thread = threading.Thread(target=self._relay, name=f"rom {self.path}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stop)
        self._thread.join()
        for end in (self._stopped, self._line, self._far):
            os.close(end)

    def _relay(self) -> None:
        while True:
            ready, _, _ = select.select([self._line, self._stopped], [], [])
            if self._stopped in ready:
                return
            answer = self.loader.received(os.read(self._line, READ_SIZE))
            try:
                while answer:
                    answer = answer[os.write(self._line, answer) :]
            except BlockingIOError:
                pass  # nobody reads: as on a wire, it is lost
