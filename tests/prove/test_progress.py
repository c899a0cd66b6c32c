"""The bar of a proof: for terminals alone, and gone at the end."""

import io

from host_tools.prove.progress import ERASE_LINE, Progress
from host_tools.prove.runner import Failure, Result
from host_tools.prove.subject import BRICK, Verdict


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_how_far_it_is() -> None:
    stream, seconds = Terminal(), iter([0.0, 10.0, 20.0])
    result = Result("update", [Failure("update", Verdict(BRICK), "")])
    result.counts.runs = 7
    with Progress(stream, lambda: next(seconds)) as progress:
        progress.slice(1, 4, result)
        progress.slice(2, 4, result)

    _, first, second, end = stream.getvalue().split(ERASE_LINE)
    assert first.startswith("[######  ") and " 25%" in first and " 0:30 left" in first
    assert "7 runs, 1 failures, update" in first
    assert " 50%" in second and " 0:20 left" in second and "14 runs, 2 failures" in second
    assert end == "" and stream.getvalue().endswith(ERASE_LINE)


def test_a_file_sees_nothing() -> None:
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress.told(1, 2, "words")

    assert stream.getvalue() == ""
