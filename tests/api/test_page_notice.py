"""What the maker says, where the owner looks: on the page, in its API, in the paste for support."""

import json
import sys
from pathlib import Path

from caller import Caller
from phone import Script

sys.path.append(str(Path(__file__).parents[1] / "update"))

from notice_rig import keep, notice, text

WORDS = "Prices < late & \"odd\". https://a.test/x?a=1&b=2"
ESCAPED = "Prices &lt; late &amp; &quot;odd&quot;. https://a.test/x?a=1&amp;b=2"
PLACE = '<p id="notice" aria-live="polite">%s</p>'


def owner_with(**more: object) -> Caller:
    owner = Caller()
    title, _, url = WORDS.rpartition(" ")
    one = notice(owner.world, 60, title=title, alert_url=url, severity="down", **more)
    keep(owner.world, text(one).encode())
    return owner


def test_the_page_the_status_and_the_paste_say_it_while_it_holds() -> None:
    owner = owner_with()

    def script() -> Script:
        yield from owner.ready()
        assert (yield from owner.fetch("/api/v1/status")).json["notice"] == WORDS
        assert PLACE % ESCAPED in (yield from owner.fetch("/")).body
        assert f"\napp.notice: {WORDS}\n" in (yield from owner.fetch("/api/v1/diag")).body
        yield from owner.wait(60)  # and it ends by itself
        assert (yield from owner.fetch("/api/v1/status")).json["notice"] == ""
        assert PLACE % "" in (yield from owner.fetch("/")).body
        assert "app.notice" not in (yield from owner.fetch("/api/v1/diag")).body

    owner.run(script())


def test_a_page_that_is_open_hears_of_it_and_of_its_end() -> None:
    owner = owner_with()

    def script() -> Script:
        yield from owner.until(owner.world.follows)
        call = owner.device.net.access.dial(80)
        call.say(b"GET /api/v1/events HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n")
        yield from owner.wait(80)
        told = [json.loads(line[6:])["notice"] for line in call.heard.decode().splitlines()
                if line.startswith("data: ")]  # fmt: skip
        call.hang_up()
        assert WORDS in told and told[-1] == ""

    owner.run(script())
