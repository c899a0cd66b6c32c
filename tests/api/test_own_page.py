"""The owner's page: small, filled in without a script, and its forms; on virtual time."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from caller import Caller
from contract import OPENAPI
from phone import Script
from seesaw import config, tuning
from seesaw.api import answers, changes, page
from seesaw.core import market_state
from seesaw.core.sessions import Zone

from host_tools.image import bundle

PAGE_MAX = 24 * 1024  # bytes
FILE = bundle.FIRMWARE / "seesaw" / "api" / "page.html"
TEXT = FILE.read_text("utf-8")
SETTINGS = {**config.DEFAULTS, **tuning.DEFAULTS}
INFO = {"name": "seesaw-0", "board": "b", "version": "1.0", "slot": "ota_0", "development": False}
STATUS = {"state": "LIVE", "sign": "-", "words": "w", "why": "", "notice": "",
          "instrument": "sp500", "turns": ["sp500"], "provider": None, "price": None,
          "percent": None, "age_s": None,
          "tilt": -1.5, "level": False, "quiet": False, "up_s": 1,
          "update": {"version": "1.0", "data": "shipped", "server": True, "outcome": "",
                     "looked_s": 90}}  # fmt: skip


def made(**other: object) -> str:
    settings = {key: other.get(key, SETTINGS[key]) for key in changes.KEYS}
    values = page.shown(INFO, {**STATUS, **other}, settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "PAGE", str(FILE))
        pieces = list(page.page(values))
    assert max(map(len, pieces)) < 1024
    return "".join(pieces)


class Outline(HTMLParser):
    """Controls and labels; and that what is opened is closed, where HTML wants it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.label = ""
        self.boxes: list[tuple[str, str, str, bool]] = []
        self.controls: dict[str, dict[str, str]] = {}
        self.options: dict[str, list[tuple[str, bool]]] = {}
        self.open: list[str] = []
        self.select = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label":
            self.label = found.get("for", "")
            if self.label:
                self.labels.append(self.label)
        if found.get("type") in ("hidden", "checkbox"):
            self.boxes.append((found["type"], found["name"], found["value"], "checked" in found))
            # Its label is around it.
            assert found["type"] == "hidden" or self.open[-1] == "label" and not self.label
        elif tag in ("input", "select"):
            self.controls[found["name"]] = found
            self.select = found["name"]
        if tag == "option":
            row = found["value"], "selected" in found
            self.options.setdefault(self.select, []).append(row)
        if tag in ("form", "fieldset", "select", "svg", "g", "details", "dl", "button", "label",
                   "div", "body"):  # fmt: skip
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag == self.open[-1]:
            self.open.pop()


def test_it_is_small_and_asks_for_nothing_from_elsewhere() -> None:
    assert len(made().encode()) <= PAGE_MAX
    for word in ("http:", "https:", "src=", "@import", "url("):
        assert word not in TEXT.replace('href="data:,"', ""), word
    assert max(len(line) for line in TEXT.splitlines()) < 400  # a line is read at once


def test_every_control_has_a_label_and_every_setting_a_control() -> None:
    found = Outline(made())
    assert not found.open and len({*found.ids}) == len(found.ids)
    assert {*found.controls, "rotation"} == {*changes.KEYS}
    assert sorted(found.labels) == sorted(control["id"] for control in found.controls.values())
    for name, control in found.controls.items():
        if control.get("type") == "number":
            assert (int(control["min"]), int(control["max"])) == tuning.LIMITS[name]


def test_page_and_contract_know_what_the_firmware_knows() -> None:
    feeds = json.loads((bundle.FIRMWARE / "seesaw" / "data" / "feeds.json").read_text())
    found = Outline(made())
    assert [name for name, _ in found.options["instrument"]] == list(feeds["instruments"])
    # The hidden one says that the boxes were there, though none is ticked.
    assert found.boxes[0] == ("hidden", "rotation[]", "", False)
    assert [box[:3] for box in found.boxes[1:]] == [
        ("checkbox", "rotation[]", name) for name in feeds["instruments"]
    ]
    config = OPENAPI["components"]["schemas"]["Config"]
    assert config["properties"]["instrument"]["enum"] == list(feeds["instruments"])
    assert config["required"] == list(config["properties"]) == list(changes.KEYS)
    status = OPENAPI["components"]["schemas"]["Status"]["properties"]
    assert status["state"]["enum"] == list(answers.WORDS)
    assert status["sign"]["enum"] == list(market_state.SIGNS)
    for title in (row["title"] for row in feeds["instruments"].values()):
        assert f">{html.escape(title)}\n" in TEXT
    for zone, _ in found.options["tz"]:
        assert zone == "" or Zone(zone)


@pytest.mark.parametrize("name", ["dax", "ltc"])
def test_what_is_set_is_what_is_chosen(name: str) -> None:
    tz = "CET-1CEST,M3.5.0,M10.5.0/3"
    found = Outline(made(instrument=name, tz=tz, stream=True, quiet_from=65, quiet_to=1439,
                         us_per_degree=-40))  # fmt: skip
    chosen = {of: [value for value, is_on in rows if is_on] for of, rows in found.options.items()}
    assert chosen == {"instrument": [name], "tz": [tz], "stream": ["True"]}
    values = {of: control.get("value") for of, control in found.controls.items()}
    assert (values["quiet_from"], values["quiet_to"]) == ("01:05", "23:59")
    assert values["us_per_degree"] == "-40"


def test_those_that_take_turns_are_ticked() -> None:
    found = Outline(made(rotation=["dax", "btc"], turn_min=45))
    assert [value for _, _, value, is_on in found.boxes if is_on] == ["dax", "btc"]
    assert found.controls["turn_min"]["value"] == "45"
    assert not [box for box in Outline(made()).boxes if box[3]]


def test_ticked_boxes_are_a_list() -> None:
    assert page.typed(b"rotation%5B%5D=&rotation%5B%5D=dax&rotation%5B%5D=btc") == {
        "rotation": ["dax", "btc"]
    }
    assert page.typed(b"rotation%5B%5D=") == {"rotation": []}
    assert page.typed(b"turn_min=30&instrument=dax&instrument=btc") == {
        "turn_min": 30, "instrument": "btc"
    }  # fmt: skip


def test_a_zone_that_is_not_listed_stays() -> None:
    found = Outline(made(tz="XYZ-3:15"))
    assert found.options["tz"][0] == ("XYZ-3:15", False)
    assert not [zone for zone, is_on in found.options["tz"] if is_on]


def test_whatever_it_says_is_text() -> None:
    evil = "<script>alert(1)</script>\"'&{{name}}"
    text = made(why=evil, words=evil, provider=evil)
    assert "alert" not in re.sub(r"&lt;script&gt;alert", "", text)
    assert "&quot;&#39;&amp;{{name}}" in text  # nor is it filled in again


def test_it_changes_settings_without_a_script() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        text = (yield from owner.fetch("/")).body
        assert '<b id="instrument">sp500</b>: <span id="words">follows the market' in text
        answer = yield from owner.fill(instrument="dax", sensitivity="150", stream="False",
                                       quiet_from="22:30", quiet_to="07:00",
                                       tz="JST-9")  # fmt: skip
        assert answer.status == 200 and "Stored" in answer.body
        yield from owner.hears("instrument=dax")
        found = owner.config()
        assert (found["sensitivity"], found["quiet_from"], found["quiet_to"]) == (150, 1350, 420)
        assert (found["tz"], found["stream"], found["password"]) == ("JST-9", False, "password")
        text = (yield from owner.fetch("/")).body
        assert 'value="22:30"' in text and '<option value="dax" selected>' in text
        yield from owner.wait(11)
        answer = yield from owner.fill(center_us="1520", us_per_degree="-30", low_us="1100",
                                       high_us="1900", approach_us="-10")  # fmt: skip
        assert answer.status == 200
        yield from owner.until(lambda: owner.config()["approach_us"] == -10)
        assert owner.config()["us_per_degree"] == -30

    owner.world.gentle = False  # the judge of the beam knows the range from before
    owner.run(script())


@pytest.mark.parametrize(
    ("field", "text"),
    [("sensitivity", ""), ("sensitivity", "1e2"), ("sensitivity", "9" * 99),
     ("quiet_from", "24:00"), ("quiet_from", "aa:bb"), ("quiet_to", "-1:00"), ("instrument", "<b>"),
     ("ssid", "mine"),
     ("us_per_degree", "--9"), ("tz", "\u00fc")],
)  # fmt: skip
def test_a_form_that_is_not_right_is_told_so(field: str, text: str) -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        before = owner.config()
        answer = yield from owner.fill(**{field: text})
        assert answer.status == 400 and field in answer.body and "<b>" not in answer.body
        assert owner.config() == before

    owner.run(script())


def test_its_buttons_work_without_a_script() -> None:
    owner = Caller()

    def script() -> Script:
        yield from owner.ready()
        answer = yield from owner.fill(action="identify")
        assert answer.status == 202 and "blinks" in answer.body
        answer = yield from owner.fill(action="fly")
        assert answer.status == 400
        answer = yield from owner.fill(action="setup")
        assert answer.status == 202
        yield from owner.hears("words=asked: join")

    owner.run(script())
