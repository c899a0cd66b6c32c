"""What firmware/openapi.json says of an answer, as a check of one that a device gave."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

OPENAPI = json.loads((Path(__file__).parents[2] / "firmware" / "openapi.json").read_text())
_BOOK = Registry().with_resource("seesaw", Resource(OPENAPI, DRAFT202012))


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def parse(raw: bytes) -> Answer:
    """An answer off the wire."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    assert blank and head.startswith(b"HTTP/1.1 "), raw
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers["connection"] == "close"
    return Answer(int(first.split(" ")[1]), headers, body.decode())


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"seesaw#/components/schemas/{name}"}, registry=_BOOK)


def check(method: str, path: str, answer: Answer) -> None:
    """It is one that the file has for this request, in status, type and content."""
    documented = OPENAPI["paths"][path][method.lower()]["responses"]
    assert str(answer.status) in documented, (method, path, answer)
    kind = answer.headers["content-type"].partition(";")[0]
    content = documented[str(answer.status)]["content"]
    assert kind in content, (kind, answer)
    assert answer.headers["cache-control"] == "no-store"
    if kind == "application/json":
        assert answer.headers["x-content-type-options"] == "nosniff"
        schema(content[kind]["schema"]["$ref"].rpartition("/")[2]).validate(answer.json)
