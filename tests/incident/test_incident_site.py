"""The status site as files: pages, summary.json, RSS, and how they come into place."""

import json
import os
import time
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from telling import GOOD, NOW, folder, seesaw

RESOLVED = GOOD.replace("resolved: false\nresolvedWhen:",
                        "resolved: true\nresolvedWhen: 2026-11-25T09:00:00Z").replace(
    "2026-11-25T09:00:00Z identified", "2026-11-25T09:00:00Z resolved"
).replace("Prices stand still", "Prices stood still")  # fmt: skip


def build(path: Path, *more: str, now: str = NOW) -> Path:
    out = path.parents[1] / "site"
    assert seesaw("build", out, "--in", path.parent, "--now", now, *more) == 0
    return out


def tree(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_pages_say_what_the_file_says(tmp_path: Path) -> None:
    out = build(folder(tmp_path))
    index = Tags((out / "index.html").read_bytes())
    for words in (
        "Prices stand still", "Price data", "Updates", "Set-up", "Website", "CNBC",
        "The beam rests", "The next update comes by", "25 November 2026, 18:00 UTC",
    ):  # fmt: skip
        assert words in index.text, words
    page = Tags((out / "incident" / "2026-11-24-prices.html").read_bytes())
    for words in ("In plain words", "All others.", "Nothing.", "Your Name", "you@seesaw.example",
                  "Another provider is being tried", "the log of the feed"):  # fmt: skip
        assert words in page.text, words
    assert page.text.index("In plain words") < page.text.index("Technical detail")
    assert ("a", {"href": "mailto:you%40seesaw.example"}) in page.tags


def test_summary_is_that_of_statuspage(tmp_path: Path) -> None:
    path = folder(tmp_path)
    folder(tmp_path, RESOLVED, "2026-11-20-old.md")
    out = build(path)
    said = json.loads((out / "summary.json").read_bytes())
    assert (out / "api/v2/summary.json").read_bytes() == (out / "summary.json").read_bytes()
    assert set(said) == {"page", "components", "incidents", "scheduled_maintenances", "status"}
    assert said["page"]["updated_at"] == "2026-11-25T09:00:00Z"
    assert said["status"]["indicator"] == "major"
    assert {one["name"]: one["status"] for one in said["components"]} == {
        "Price data": "partial_outage", "Updates": "operational", "Set-up": "operational",
        "Website": "operational", "CNBC": "partial_outage",
    }  # fmt: skip
    (one,) = said["incidents"]
    assert one["name"] == "Prices stand still" and one["status"] == "identified"
    assert one["impact"] == "major" and one["resolved_at"] is None
    assert [update["status"] for update in one["incident_updates"]] == [
        "identified", "investigating"
    ]  # fmt: skip
    assert one["shortlink"] == "https://status.seesaw.example/incident/2026-11-24-prices.html"


def test_over_is_over(tmp_path: Path) -> None:
    out = build(folder(tmp_path, RESOLVED))
    said = json.loads((out / "summary.json").read_bytes())
    assert said["status"]["indicator"] == "none" and said["incidents"] == []
    assert {one["status"] for one in said["components"]} == {"operational"}
    text = Tags((out / "index.html").read_bytes()).text
    assert "All of it works." in text and "Prices stood still" in text


def test_nothing_ever_happened(tmp_path: Path) -> None:
    path = folder(tmp_path)
    path.unlink()
    out = build(path)
    assert "Nothing else so far" in Tags((out / "index.html").read_bytes()).text
    assert json.loads((out / "summary.json").read_bytes())["page"]["updated_at"] == (
        "2026-11-25T10:00:00Z"
    )


def test_the_feed_has_an_item_for_each_update(tmp_path: Path) -> None:
    out = build(folder(tmp_path, GOOD.replace("tried on", "tried & <b>shown</b> on")))
    channel = ElementTree.parse(out / "feed.xml").getroot()[0]
    items = channel.findall("item")
    assert [item.findtext("title") for item in items] == [
        "Prices stand still: identified", "Prices stand still: investigating"
    ]  # fmt: skip
    assert items[0].findtext("pubDate") == "Wed, 25 Nov 2026 09:00:00 +0000"
    assert len({item.findtext("guid") for item in items}) == 2
    assert "<b>" not in (items[0].findtext("description") or "<b>")  # as text, not as a tag


EVIL = '</title><script>alert(1)</script>" onload="x'
WORDS = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1))"
    " ![pixel](https://tracker.example/p.png) [data](data:text/html;base64,PHNjcmlwdD4=)\n\n"
    '<iframe src="https://x.example"></iframe>\n\n&#60;script&#62;'
)


def test_nothing_in_the_file_becomes_a_tag(tmp_path: Path) -> None:
    text = GOOD.replace("title: Prices stand still", "title: " + json.dumps(EVIL))
    for old in ("Nothing.", "All others.", "We see it, and look for the cause."):
        text = text.replace(old, WORDS)
    out = build(folder(tmp_path, text))
    for page in out.rglob("*.html"):
        found = Tags(page.read_bytes())
        assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in found.tags}
        for _, attributes in found.tags:
            assert not [name for name in attributes if name.startswith("on")]
            link = attributes.get("href") or ""
            assert not link.startswith(("javascript:", "data:t"))
        assert EVIL in found.text
    (one,) = json.loads((out / "summary.json").read_bytes())["incidents"]
    assert one["name"] == EVIL
    ElementTree.parse(out / "feed.xml")


def test_what_lint_refuses_is_not_published(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = folder(tmp_path)
    out = build(path)
    before = tree(out)
    path.write_text(GOOD.replace("Nothing.", "We apologize for any inconvenience."))
    assert seesaw("build", out, "--in", path.parent, "--now", NOW) == 1
    assert "hides behind" in capsys.readouterr().err and tree(out) == before


def test_what_is_late_is_told_and_published(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = build(folder(tmp_path), now="2026-11-26T09:00Z")
    told = capsys.readouterr().err
    assert "late: " in told and "overdue" in told and "2026-11-26" in told
    for page in ("index.html", "incident/2026-11-24-prices.html"):
        text = Tags((out / page).read_bytes()).text
        assert "The update promised for Wednesday, 25 November 2026, 18:00 UTC is late." in text


def test_a_dry_run_shows_every_file_and_touches_none(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = folder(tmp_path)
    out = build(path, "--dry-run")
    shown = capsys.readouterr().out
    assert not out.exists()
    build(path)
    assert capsys.readouterr().out == shown
    assert {f"write {out / name}" for name in tree(out)} == set(shown.splitlines())
    stamps = {name: (out / name).stat().st_mtime_ns for name in tree(out)}
    build(path)
    assert capsys.readouterr().out == ""  # nothing has changed: nothing is touched
    assert stamps == {name: (out / name).stat().st_mtime_ns for name in tree(out)}


def test_a_page_without_its_incident_goes(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = folder(tmp_path)
    other = folder(tmp_path, RESOLVED, "2026-11-20-old.md")
    out = build(path)
    other.unlink()
    (out / "incident" / "Kept.html").write_text("not ours")
    capsys.readouterr()
    build(path, "--dry-run")
    assert f"remove {out / 'incident/2026-11-20-old.html'}" in capsys.readouterr().out
    build(path)
    assert sorted(name.name for name in (out / "incident").iterdir()) == [
        "2026-11-24-prices.html", "Kept.html"
    ]  # fmt: skip


def test_another_site_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = folder(tmp_path)
    out = tmp_path / "shop"
    out.mkdir()
    (out / "index.html").write_text("<h1>Our shop</h1>")
    assert seesaw("build", out, "--in", path.parent, "--now", NOW) == 2
    assert "not of a status site" in capsys.readouterr().err
    assert list(tree(out)) == ["index.html"]


def test_a_publication_that_fails_leaves_the_old_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    path = folder(tmp_path)
    out = build(path)
    before = tree(out)
    path.write_text(GOOD.replace("Nothing.", "Wait for tomorrow."))
    (path.parent / "2026-11-20-old.md").write_text(RESOLVED)
    replace, calls = os.replace, []

    def third_fails(source: object, target: object) -> None:
        calls.append(target)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        replace(source, target)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", third_fails)
    assert seesaw("build", out, "--in", path.parent, "--now", NOW) == 2
    assert "no space left" in capsys.readouterr().err and tree(out) == before


SLOW = [">" * 100_000, "[" * 100_000, "sorry to " * 20_000, "*a_" * 60_000, "| a " * 40_000]


@pytest.mark.parametrize("words", SLOW, ids=lambda words: words[:3])
def test_words_made_to_be_slow_are_not(tmp_path: Path, words: str) -> None:
    path = folder(tmp_path, GOOD.replace("`CNBC` answers", f"x {words}"))
    start = time.monotonic()
    build(path)
    assert time.monotonic() - start < 20
