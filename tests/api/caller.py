"""Somebody in the owner's network who asks the device, on virtual time."""

import json
import urllib.parse
from collections.abc import Generator
from typing import Any

from contract import Answer, check, parse
from phone import Owner

HERE = "10.0.0.2"  # the device's address
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Asked = Generator[None, None, Answer]


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Bytes on the wire; a header is left out when it is "". Content_Type for Content-Type."""
    said = {"Host": HERE, **{name.replace("_", "-"): text for name, text in headers.items()}}
    if method == "POST":
        said = {"Content-Type": JSON, "Content-Length": str(len(body)), **said}
    lines = "".join(f"{name}: {text}\r\n" for name, text in said.items() if text)
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Caller(Owner):
    """A device in its owner's network that follows the market."""

    def __init__(self, **settings: Any) -> None:
        super().__init__({"home": "password"}, **{"check_s": 86400, **settings})

    def ready(self) -> Generator[None, None, None]:
        """It has been up for long enough to be changed."""
        yield from self.until(self.world.follows)
        yield from self.wait(13)  # far from the supervisor's next look, which starts it again

    def ask(self, raw: bytes) -> Asked:
        found = yield from self.send(raw)
        return parse(found)

    def fetch(self, path: str, **headers: str) -> Asked:
        """By GET; as the contract has it."""
        answer = yield from self.ask(request("GET", path, **headers))
        check("GET", path, answer)
        return answer

    def put(self, path: str, wanted: Any, **headers: str) -> Asked:
        """By POST, as JSON."""
        body = json.dumps(wanted).encode()
        answer = yield from self.ask(request("POST", path, body, **headers))
        check("POST", path, answer)
        return answer

    def fill(self, origin: str = "http://" + HERE, **fields: str) -> Asked:
        """The page's form."""
        return (yield from self.fill_pairs([*fields.items()], origin))

    def fill_pairs(self, pairs: list[tuple[str, str]], origin: str = "http://" + HERE) -> Asked:
        """The same, of fields that may share a name."""
        body = urllib.parse.urlencode(pairs).encode()
        headers = {"Content_Type": FORM, "Origin": origin}
        answer = yield from self.ask(request("POST", "/", body, **headers))
        check("POST", "/", answer)
        return answer
