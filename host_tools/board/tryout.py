"""The command `seesaw try`: the working tree runs on the device, its files on this machine."""

import contextlib
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator

from host_tools.board.repl import Refused
from host_tools.board.visit import visit
from host_tools.image import bundle

# The path is needed for the package alone; left in place, every `import socket` would ask here.
RUN = """
import sys
for name in list(sys.modules):
    if name == "seesaw" or name.startswith("seesaw."):
        del sys.modules[name]
sys.path.insert(0, "/remote")
import seesaw
sys.path.pop(0)
from seesaw.cable import try_out
try_out(boot)
"""


def main(arguments: Namespace) -> int:
    """Run the tree at `arguments.port` until Ctrl-C: 0; 1 when its app falls over. Then the device
    is reset to its own release: no flash was written. UserError as of `visit`."""
    try:
        with stopping() as stopped, visit(arguments.port, "tried a working tree") as there:
            print(f"{arguments.port}: the working tree runs; Ctrl-C ends it", flush=True)
            try:
                there.repl.mount(bundle.FIRMWARE, stopped)
                there.repl.run(RUN, silent_s=None, hear=_show)
            except Refused as error:
                print(error.traceback.replace("\r", ""), file=sys.stderr)
                return 1
    except KeyboardInterrupt:
        pass
    print(f"{arguments.port}: reset to its own release")
    return 0


def _show(byte: bytes) -> None:
    sys.stdout.buffer.write(byte)
    if byte == b"\n":
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C or SIGTERM came: a flag, as an exception might tear an exchange of files."""
    flag = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: flag.set()) for number in numbers}
    try:
        yield flag.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
