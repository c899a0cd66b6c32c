"""A post-mortem in the status site's RSS."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_postmortem import NAME, WRITTEN, Texts, build, out, run, told, write

from host_tools.incident import draft

__all__ = ["told"]  # the fixture


def items(site: Path) -> list[dict[str, str]]:
    channel = ElementTree.parse(site / "feed.xml").getroot()[0]
    return [{part.tag: part.text or "" for part in item} for item in channel.findall("item")]


def test_the_feed_has_it_once_it_is_written(told: Path) -> None:
    assert run(told) == 0
    assert len(items(build(told))) == 2  # the updates
    write(told, WRITTEN | {draft.PLAIN: "Prices & <b>beams</b> stood\n\n- still."})
    first, *others = items(build(told))
    link = f"https://status.seesaw.example/postmortem/{NAME}.html"
    assert first == {
        "title": "Prices stood still: post-mortem", "link": link, "guid": link,
        "pubDate": "Sat, 28 Nov 2026 10:00:00 +0000",
        "description": "<p>Prices &amp; &lt;b&gt;beams&lt;/b&gt; stood</p>\n<ul>\n<li>still.</li>\n"
                       "</ul>\n",
    }  # fmt: skip
    assert len(others) == 2 and len({item["guid"] for item in (first, *others)}) == 3
    page = Path(link.removeprefix("https://status.seesaw.example/"))
    assert (told.parents[1] / "site" / page).is_file()


@pytest.mark.parametrize("spoilt", ["", "2026-11-28T10:00", "soon", "9999-12-31T23:59:59-01:00"])
def test_one_that_does_not_say_when_it_was_written_is_not_shown(
    told: Path, spoilt: str, capsys: Texts
) -> None:
    assert run(told) == 0
    write(told, WRITTEN)
    text = out(told).read_text()
    out(told).write_text(text.replace("written: 2026-11-28T10:00:00Z", f"written: {spoilt}"))
    capsys.readouterr()
    assert not (build(told) / "postmortem").exists()
    assert "'written' is no time" in capsys.readouterr().err
