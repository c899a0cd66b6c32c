"""The device's TUF client as a command, for the public suite theupdateframework/tuf-conformance.

    python -m host_tools.release.tuf_client --metadata-dir DIR init ROOT
    python -m host_tools.release.tuf_client --metadata-dir DIR --metadata-url URL refresh
    python -m host_tools.release.tuf_client --metadata-dir DIR --metadata-url URL \\
        --target-name NAME --target-dir DIR --target-base-url URL download

Exit code 0 when all of it succeeded, else 1 and a line that says why. --target-name may be
repeated: all are looked up in one session. It runs the firmware's own modules, on CPython or, with
SEESAW_VM=micropython in the environment, on the real MicroPython VM. The time is the system's.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from host_tools.errors import UserError
from host_tools.image.bundle import FIRMWARE
from host_tools.release import tuf_desk

VM = "SEESAW_VM"  # "micropython", or "cpython" as without it
ENGINES = ("cpython", "micropython")
HEAP = "2M"  # of the VM: it compiles the firmware's modules too
# What the VM runs. An argument of more than 255 bytes would end it, so they come by its stdin.
SCRIPT = """
import json, sys
import tuf_desk
why = tuf_desk.run(*json.loads(sys.stdin.readline()))
if why:
    print("tuf_client: " + why, file=sys.stderr)
    sys.exit(1)
"""
NEEDED = {
    "init": ("root",),
    "refresh": ("metadata_url",),
    "download": ("metadata_url", "target_name", "target_dir", "target_base_url"),
}


def main(argv: "list[str] | None" = None) -> int:
    """The exit code."""
    parser = _parser()
    command = {key: value for key, value in vars(parser.parse_args(argv)).items() if value}
    for name in NEEDED[command["command"]]:
        if name not in command:
            parser.error(f"{command['command']} needs {name.replace('_', '-')}")
    try:
        if "" in command.get("target_name", ()):
            raise UserError("--target-name", "it is empty", "name a target, such as file1.txt")
        for name in ("metadata_dir", "target_dir"):
            if name in command:
                Path(command[name]).mkdir(parents=True, exist_ok=True)
        now_s = int(time.time())
        engine = os.environ.get(VM) or "cpython"
        if engine not in ENGINES:
            raise UserError(VM, f"'{engine}' is no engine", f"set it to {' or '.join(ENGINES)}")
        if engine == "micropython":
            words = json.dumps([command, now_s], ensure_ascii=False) + "\n"
            raw = words.encode("utf-8", "surrogateescape")
            return subprocess.run([*vm(), "-c", SCRIPT], input=raw, env=vm_path()).returncode
        why = tuf_desk.run(command, now_s)
    except (OSError, UserError) as error:
        why = str(error)
    if why:
        print(f"tuf_client: {why}", file=sys.stderr)
    return 1 if why else 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="tuf_client", description="The device's TUF client on a desk.")
    parser.add_argument("command", choices=list(NEEDED))
    parser.add_argument("root", nargs="?", help="init: the root.json to trust")
    parser.add_argument("--metadata-dir", required=True, help="where trusted metadata is kept")
    parser.add_argument("--metadata-url", help="the repository's metadata")
    parser.add_argument("--target-name", action="append", help="path of a target; repeatable")
    parser.add_argument("--target-dir", help="where targets are put")
    parser.add_argument("--target-base-url", help="the repository's targets")
    return parser


def vm() -> list[str]:
    """The command that starts the VM. UserError when there is none."""
    beside = Path(sys.executable).parent / "micropython"
    found = os.environ.get("SEESAW_MICROPYTHON") or (
        str(beside) if beside.exists() else shutil.which("micropython")
    )
    if not found:
        fix = "put a `micropython` on PATH or its path in SEESAW_MICROPYTHON"
        raise UserError(f"{VM}=micropython", "no MicroPython VM", fix)
    return [found, "-X", f"heapsize={HEAP}"]


def vm_path() -> dict[str, str]:
    """The environment in which the VM finds the firmware and `tuf_desk`."""
    path = ":".join((str(FIRMWARE), str(Path(__file__).parent), ".frozen"))
    return {**os.environ, "MICROPYPATH": path}


if __name__ == "__main__":
    sys.exit(main())
