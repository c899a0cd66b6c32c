"""The page of a proof: what it says, that it escapes, and how a real browser takes it.

The browser needs chromium and chromedriver on PATH, as in tests/twin/test_browser.py.
"""

import json
import os
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import planted
import pytest

from host_tools.errors import UserError
from host_tools.prove import evidence, ids, report
from host_tools.prove.evidence import Meta
from host_tools.prove.runner import Result

VOID = {"meta", "link", "br", "rect"}


class Seen(HTMLParser):
    """Elements, ids and text; complains about tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[dict[str, str | None]] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words += data

    def cells(self) -> list[str]:
        kinds = [str(a.get("class")) for a in self.attributes]
        return [kind.removeprefix("cell ") for kind in kinds if kind.startswith("cell ")]


@cache
def meta(faulty: bool) -> Meta:
    subject = planted.stubborn() if faulty else planted.healthy()
    found = evidence.meta(subject, planted.PLAN, planted.SCENARIOS, planted.proved(faulty))
    return replace(found, seconds=1.5)


def page(faulty: bool) -> Seen:
    return Seen(report.page(planted.proved(faulty), meta(faulty)))


def test_a_clean_proof_says_so_in_one_sentence() -> None:
    results, seen = planted.proved(False), page(False)
    settled = evidence.total(results).settled

    assert f"Release 0.2.0 came back from all {settled:,} interrupted states." in seen.words
    assert "A healthy end is reached from every node." in seen.words
    assert len(seen.cells()) == sum(len(result.steps) for result in results)
    assert seen.cells().count("ok") == 6 and "bad" not in seen.cells()
    assert "How to break it" not in seen.words and "What was not shown" not in seen.words


def test_a_failing_proof_tells_each_counterexample() -> None:
    seen = page(True)
    release = ids.fingerprint(planted.stubborn())[:8]

    assert "Release 0.2.0 can be broken" in seen.words
    assert f"update@{release}" in seen.words and "deaf: follows the market" in seen.words
    assert "boot 1 after power-on" in seen.words
    assert seen.cells().count("bad") == 4  # first-boot's two, set_boot:1 and confirm:1
    assert "No healthy end is reached from" in seen.words


def test_the_page_needs_nothing_from_elsewhere() -> None:
    for faulty in (False, True):
        for attributes in page(faulty).attributes:
            for name in ("src", "href", "xlink:href", "action"):
                assert attributes.get(name, "data:,") in ("data:,", "evidence.json")
    assert "http" not in (report.PAGE / "report.css").read_text()


def test_whatever_is_said_is_escaped() -> None:
    bad = Result("<b>x", missing="<script>alert(1)</script>\x1b")
    seen = Seen(report.page([bad], replace(meta(False), versions={"candidate": "<i>&"})))

    assert seen.tags.count("script") == 1 and "i" not in seen.tags and seen.tags.count("b") == 0
    assert "<script>alert(1)</script>?" in seen.words and "release <i>&." in seen.words


@pytest.mark.parametrize("results", [[], [Result("update")], [Result("update", missing="why")]])
def test_nothing_explored_is_never_clean(results: list[Result]) -> None:
    seen = Seen(report.page(results, meta(False)))

    assert evidence.state_of(results) == "nothing"
    assert "Nothing is shown about release 0.2.0." in seen.words
    assert "A healthy end is reached" not in seen.words


def test_one_scenario_that_shows_nothing_is_enough_against_a_clean_page() -> None:
    results = [*planted.proved(False), Result("update", missing="did not reach confirm")]

    assert evidence.state_of(results) == "nothing"
    assert "update: did not reach confirm" in Seen(report.page(results, meta(False))).words


def test_the_evidence_names_what_it_speaks_of(tmp_path: Path) -> None:
    report.write(tmp_path / "new" / "folder", planted.proved(True), meta(True))
    found = json.loads((tmp_path / "new" / "folder" / "evidence.json").read_text())

    assert found["verdict"] == "brick" and found["depth"] == 2
    assert found["versions"] == {"old": "0.1.0", "candidate": "0.2.0", "fix": "0.3.0"}
    assert set(found["sha256"]) == {"device", "bundle", "runtime", "launcher"}
    assert all(len(digest) == 64 for digest in found["sha256"].values())
    assert [one["verdict"] for one in found["scenarios"]] == ["deaf", "deaf"]
    assert found["figures"]["settled"] >= found["figures"]["counted"] > 0
    assert all(one["id"].endswith("@" + found["sha256"]["device"][:8]) for one in found["causes"])
    slower = replace(meta(True), seconds=99.0)
    assert evidence.evidence(planted.proved(True), slower) == found


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UserError):
        report.write(tmp_path / "file", [], meta(False))


def test_a_real_browser_shows_both_pages(tmp_path: Path) -> None:
    browsers = pytest.importorskip("host_tools.twin.browser")
    if (lacks := browsers.missing()) and not os.environ.get("CI"):
        pytest.skip(lacks)
    phone = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    with browsers.browser(390, 900) as driver:
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
        for faulty in (False, True):
            results = planted.proved(faulty)
            report.write(tmp_path / str(faulty), results, meta(faulty))
            driver.get((tmp_path / str(faulty) / "index.html").as_uri())

            assert browsers.complaints(driver) == []
            sentence = report.sentence(results, meta(faulty))
            assert driver.find_element("id", "sentence").text == sentence
            cells = driver.find_elements("css selector", ".cell")
            assert len(cells) == sum(len(result.steps) for result in results)
            wide = driver.execute_script("return document.documentElement.scrollWidth")
            assert wide == 390
            strip = driver.find_elements("css selector", "details[data-scenario=update]")[0]
            driver.execute_script("arguments[0].querySelector('.cell').focus()", strip)
            driver.switch_to.active_element.send_keys("\ue014")  # the right arrow
            said = driver.execute_script("return arguments[0].querySelector('.said').value", strip)
            assert said.startswith("boot:1, program 0x00d000 (otadata), emulator/bootloader.py")
