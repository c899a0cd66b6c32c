"""What happens to the seesaw, in plain words."""

from host_tools.twin import words
from host_tools.twin.reports import Event


def test_every_sentence_takes_its_words() -> None:
    for name in (*words.SENTENCES, "boot", "reset", "settled"):
        line = words.line(Event(1.0, name, "ota_1", "1.2.3", "some words"))
        assert line and "{" not in line.text and line.text.endswith((".", "words"))
    assert words.line(Event(1.0, "serial", words="Traceback")) is None
    assert words.line(Event(1.0, "nothing", "ota_0", "1.0", "up to date")) is None


def test_an_unknown_feed_state_is_shown_as_it_is() -> None:
    assert words.feed("DOZING", "tired") == "DOZING. The reason: tired."
