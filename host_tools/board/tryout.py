"""The command `seesaw try`: the working tree runs on the device, its files on this machine."""

import sys
from argparse import Namespace

from host_tools.board import port as ports
from host_tools.board.repl import Refused
from host_tools.board.visit import visit
from host_tools.image import bundle
from host_tools.stopping import stopping

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
    arguments.port = ports.choose(arguments.port)
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
