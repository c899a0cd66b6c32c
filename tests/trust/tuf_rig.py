"""The desk program against repositories on the loopback, on either interpreter."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tuf_repository import NOW, Repository

from host_tools.release import tuf_client

# Runs what `tuf_client` would start a VM for, one line after another; a start costs 40 ms.
WORKER = """
import asyncio, gc, json, sys
while True:
    line = sys.stdin.readline()
    if not line:
        break
    script, *sys.argv[1:] = json.loads(line)  # the script may read lines that follow
    asyncio.new_event_loop()
    code = 0
    try:
        exec(script, {})
    except SystemExit as error:
        code = error.args[0]
    except BaseException as error:
        sys.print_exception(error, sys.stderr)
        code = 99
    gc.collect()
    print(code)
"""


class Handler(http.server.BaseHTTPRequestHandler):
    server: "Site"

    def do_GET(self) -> None:
        name, _, path = self.path.lstrip("/").partition("/")
        status, body = self.server.repositories[name].get(path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


class Site(http.server.ThreadingHTTPServer):
    """Repositories by name, on a free port of the loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Repository] = {}
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has seen enough hangs up; all else is said."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def url(self, repository: Repository) -> str:
        name = f"r{len(self.repositories)}"
        self.repositories[name] = repository
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Vm:
    """A VM that stays; `run` has subprocess.run's form."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [*tuf_client.vm(), "-c", WORKER], env=tuf_client.vm_path(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, command: list[str], input: bytes, env: dict[str, str]) -> SimpleNamespace:
        at = command.index("-c")
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(command[at + 1 :]).encode() + b"\n" + input)
        self._process.stdin.flush()
        return SimpleNamespace(returncode=int(self._process.stdout.readline()))

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


class Desk:
    """One device: its folders, and the program's commands, which give its exit code."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.metadata = folder / "metadata"
        self.downloads = folder / "targets"
        self.url = url
        self.now = NOW
        self._folder = folder
        monkeypatch.setattr(tuf_client, "time", SimpleNamespace(time=lambda: self.now.timestamp()))

    def main(self, *arguments: str) -> int:
        return tuf_client.main(["--metadata-dir", str(self.metadata), *arguments])

    def init(self, root: bytes) -> int:
        path = self._folder / "initial.json"
        path.write_bytes(root)
        return self.main("init", str(path))

    def refresh(self, now: datetime | None = None) -> int:
        self.now = now or self.now
        return self.main("--metadata-url", self.url + "/metadata", "refresh")

    def download(self, *names: str) -> int:
        options = [word for name in names for word in ("--target-name", name)]
        return self.main(
            "--metadata-url", self.url + "/metadata/", *options, "--target-dir",
            str(self.downloads), "--target-base-url", self.url + "/targets", "download",
        )  # fmt: skip

    def versions(self) -> dict[str, int]:
        """Of each trusted file, by the name of the file."""
        return {
            path.stem: json.loads(path.read_bytes())["signed"]["version"]
            for path in sorted(self.metadata.glob("*.json"))
        }

    def version(self, role: str) -> int | None:
        return self.versions().get(role)

    def files(self) -> list[bytes]:
        """What was downloaded, the oldest first."""
        found = sorted(self.downloads.glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes() for path in found]

    def state(self) -> dict[str, bytes]:
        """Every file of the device."""
        found: Sequence[Path] = sorted(self._folder.glob("*/*"))
        return {path.name: path.read_bytes() for path in found}
