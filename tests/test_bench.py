"""`seesaw bench`: the table and its rows. How fast anything is, no test says."""

import json
import shutil
from pathlib import Path

import pytest

from host_tools import bench, bench_memory, bench_update, cli
from host_tools.bench import Row
from host_tools.image import bundle

LIMITED = {  # what has a limit, and its unit
    "cold boot to the first movement": "ms",
    "full update, CPython engine": "ms",
    "a virtual day of waiting": "s",
    "copy of a flash state": "us",
    "seesaw --help": "ms",
    "heap of the app": "KB",
    "heap of the updater": "KB",
    "modules of the app": "KB",
    "modules of the updater": "KB",
    "heap of the setup": "KB",
    "modules of the setup": "KB",
    "  update/ of these": "KB",
    "a quote to the first changed pulse": "ms",
    "heap per frame of a move": "B",
    "  refused with the heap locked": "moves",
    "  in such pow()": "",
    "  its garbage": "KB",
    "  the least heap for it": "KB",
    "  in json.loads, one": "",
    "  in json.loads, many": "",
    "  in json.loads, bars": "",
    "  its heap, one": "KB",
    "  its heap, many": "KB",
    "  its heap, bars": "KB",
}


def test_a_row_knows_its_ratio_and_whether_the_limit_holds() -> None:
    assert (Row("a", 3, "ms", 4).ratio, Row("a", 3, "ms", 4).ok) == (0.75, True)
    assert (Row("a", 5, "ms", 4).ratio, Row("a", 5, "ms", 4).ok) == (1.25, False)
    assert (Row("a", 0, "B", 0).ratio, Row("a", 0, "B", 0).ok) == (None, True)
    assert (Row("a", 1, "B", 0).ratio, Row("a", 1, "B", 0).ok) == (None, False)
    assert (Row("a", None, "KB", 9).ratio, Row("a", None, "KB", 9).ok) == (None, None)
    assert (Row("a", 1, "KB").ratio, Row("a", 1, "KB").ok) == (None, None)


def test_the_table_lines_up_and_says_miss() -> None:
    rows = [
        Row("start", 6.25, "ms"),
        Row("boot", 7.5, "ms", 6.25, 1, "from power-on"),
        Row("update", 20.0, "ms", 25.0, 4),
        Row("heap", None, "KB", 120),
        Row("day", 0.0012, "s", 1),
    ]
    assert bench.as_text(rows).splitlines() == [
        "what      figure        limit  ratio  ok",
        "start    6.25 ms            -      -  -",
        "boot     7.50 ms  1 x 6.25 ms   1.20  MISS",
        "update     20 ms  4 x 6.25 ms   0.80  ok",
        "heap           -       120 KB      -  not measured",
        "day     0.0012 s          1 s   0.00  ok",
        "",
        "ratio is figure / limit; above 1 is a miss. 1 KB is 1024 bytes.",
        "boot: from power-on.",
    ]


@pytest.mark.parametrize(
    ("rows", "arguments", "code"),
    [
        ([Row("a", 1, "", 2), Row("b", 9, "")], ["--strict"], 0),
        ([Row("a", 3, "", 2)], [], 0),
        ([Row("a", 3, "", 2)], ["--strict"], 1),
        ([Row("a", None, "", 2)], ["--strict"], 1),
    ],
)
def test_only_strict_ends_with_a_code(
    rows: list[Row], arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host_tools.bench_time.measure", lambda repeats: rows)
    monkeypatch.setattr("host_tools.bench_memory.measure", list)
    monkeypatch.setattr("host_tools.bench_crypto.measure", list)
    monkeypatch.setattr("host_tools.bench_recipe.measure", list)
    monkeypatch.setattr("host_tools.bench_page.measure", list)
    monkeypatch.setattr("host_tools.bench_update.measure", list)
    monkeypatch.setattr("host_tools.bench_loads.measure", list)
    monkeypatch.setattr("host_tools.bench_fleet.measure", list)
    monkeypatch.setattr("host_tools.bench_site.measure", list)
    monkeypatch.setattr("host_tools.bench_prove.measure", list)
    assert cli.main(["bench", *arguments]) == code


def test_one_group_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("host_tools.bench_update.measure", lambda: [Row("a", 3, "KB", 4)])
    assert cli.main(["bench", "--only", "update", "--json"]) == 0
    assert [row["what"] for row in json.loads(capsys.readouterr().out)["rows"]] == ["a"]
    assert cli.main(["bench", "--only", "updates"]) == 2


def test_a_quick_bench_measures_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--quick", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["what"]: row for row in found["rows"]}
    assert len(rows) == len(found["rows"])
    limited = {row["what"]: row["unit"] for row in found["rows"] if row["limit"] is not None}
    assert limited == LIMITED
    start = rows["python3 -S -E -c pass"]["figure"]
    for name, row in rows.items():
        assert row["figure"] is not None, name
        assert row["ok"] in ((True, False) if name in LIMITED else (None,)), name
        if row["limit"]:
            assert row["ratio"] == pytest.approx(row["figure"] / row["limit"]), name
        if row["times"]:
            assert row["limit"] == pytest.approx(row["times"] * start), name
    assert rows["heap per frame of a move"]["ok"]
    assert rows["  refused with the heap locked"]["ok"]
    assert rows["  its chip boots"]["figure"] == 1
    assert rows["  its garbage"]["ok"] and rows["  the least heap for it"]["ok"]
    assert all(rows[f"  in json.loads, {one}"]["ok"] for one in ("one", "many", "bars"))
    assert all(rows[f"  its heap, {one}"]["ok"] for one in ("one", "many", "bars"))
    for name in ("heap of the app", "heap of the updater"):
        assert 30 < rows[name]["figure"] < 512, name  # KB: a figure of a whole program


@pytest.mark.parametrize(
    ("line", "each", "refused"),
    [("self.kept = [self._frame, None]", 32, 1), ("len(b'..' + bytes(300))", 320, 1)],
    ids=["kept", "dropped"],
)
def test_a_frame_that_takes_heap_is_found(
    line: str, each: int, refused: int, tmp_path: Path
) -> None:
    shutil.copytree(bundle.FIRMWARE / "seesaw", tmp_path / "seesaw")
    profile = tmp_path / "seesaw" / "core" / "profile.py"
    text = profile.read_text()
    place = "        self._frame += 1\n"
    assert text.count(place) == 1
    profile.write_text(text.replace(place, f"{place}        {line}\n"))
    _, heap, moves = bench_memory.frame_heap(tmp_path)
    assert heap.figure is not None and heap.figure >= each
    assert moves.figure == refused
    assert not heap.ok and not moves.ok


def spoilt(folder: Path, name: str, old: str, new: str) -> Path:
    """A copy of the firmware with this change in one of its files."""
    shutil.copytree(bundle.FIRMWARE / "seesaw", folder / "seesaw")
    path = folder / "seesaw" / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return folder


def test_an_update_s_bytes_and_erases_are_counted() -> None:
    rows = {row.what: row for row in bench_update.updates(bench_update.World())}
    sent, whole = rows["bytes that an update downloads"], rows["  by the bundle as a whole"]
    assert sent.figure is not None and whole.figure is not None
    assert 20 < sent.figure < 120 < whole.figure < 250  # KB
    assert sent.limit == whole.limit == 120
    erases = [row for row in rows.values() if row not in (sent, whole)]
    assert [row.limit for row in erases] == [1.05, 1.05]
    assert all(row.figure is not None and row.figure >= 1 for row in erases)


def test_a_look_s_requests_and_signatures_are_counted(tmp_path: Path) -> None:
    assert [(row.figure, row.limit) for row in bench_update.steady()] == [(1, 1), (0, 0)]
    save = "        self._store.save(SETTLED, self._timestamp + who)\n"
    tree = spoilt(tmp_path, "update/client.py", save, "        pass\n")
    requests, signatures = bench_update.steady(tree)
    assert requests.figure and requests.figure > 1 and not requests.ok
    assert signatures.figure and signatures.figure > 1 and not signatures.ok


def test_a_heap_too_small_for_an_update_is_told_from_one_that_is_not(tmp_path: Path) -> None:
    low, high = bench_update.HEAPS_KB
    assert bench_update.installs(bundle.FIRMWARE, high)
    assert not bench_update.installs(bundle.FIRMWARE, low)
