"""The servo's model and `seesaw motion plot`: what the model does, and what the picture says."""

import json
from pathlib import Path

import numpy as np
import pytest
from seesaw import tuning

from host_tools import cli
from host_tools.motion.commands import summary
from host_tools.motion.course import Course, follow
from host_tools.motion.servo import FRAME_MS, Servo

PNG = b"\x89PNG\r\n\x1a\n"
LOG = """seesaw state=LIVE instrument=dax price=9.00 change=+0.50% angle=+3.01 level=no pulse=1620
seesaw state=LIVE instrument=dax price=9.00 change=+0.50% angle=+3.01 level=no pulse=1620
seesaw event=nothing slot=ota_0 version=0.1.0 words=up to date
seesaw state=STALE instrument=dax price=8.00 change=-1.25% angle=-7.01 level=no pulse=1220
seesaw state=NO_DATA instrument=dax price=- change=- angle=+0.00 level=yes pulse=1500
"""


def course(*percents: float, servo: Servo | None = None, **changes: int) -> Course:
    return follow(percents, 1.0, tuning.DEFAULTS | changes, 5.0, servo or Servo())


def test_the_horn_takes_its_frame_its_deadband_and_its_time() -> None:
    pulses = np.full(400, 1500.0)
    pulses[105:] = 1504.0  # within the deadband
    pulses[205:] = 1600.0
    horn = Servo().horn(pulses)

    assert (horn[: 205 + FRAME_MS - 5] == 1500).all()
    assert horn[220] == 1502.5 and horn[220 + 20] == 1552.5 and (horn[260:] == 1600).all()


def test_without_pulses_the_horn_stays() -> None:
    pulses = np.full(200, np.nan)
    pulses[20:40] = 1500.0
    pulses[41:60] = 1700.0
    assert set(Servo().horn(pulses)) == {1500.0}


def test_play_eats_the_first_part_of_a_change_of_direction() -> None:
    up_and_down = np.concatenate([np.full(100, us) for us in (1500.0, 1600.0, 1593.0, 1560.0)])
    beam = Servo(play_us=10).beam(up_and_down)

    assert [beam[n] for n in (99, 199, 299, 399)] == [1495, 1595, 1595, 1565]


def test_coming_from_one_side_the_beam_rests_the_same_way() -> None:
    """Without a deadband what is left of the play is a constant, which calibration takes out."""
    ideal = Servo(deadband_us=0.0)
    both = [course(1, -1, 0.5, 2, -2, 0, servo=ideal, approach_us=us) for us in (20, 0)]
    spreads = [summary(one)["rest_spread_deg"] for one in both]

    assert spreads[0] < 0.02
    assert spreads[1] > 0.2


def test_the_course_is_the_firmware_s_and_keeps_its_limits() -> None:
    found = summary(course(0.1, 1, 1.02, -3))

    assert (found["quotes"], found["moves"]) == (4, 3)  # 1.02 is within the deadband of 1
    assert found["speed_deg_s"] <= 25 * 1.01 and found["acceleration_deg_s2"] <= 40 * 1.01
    assert found["rest_off_deg"] < 0.3
    assert found["range_deg"][0] == pytest.approx(-11.57 - 0.5, abs=0.05)


def test_nothing_to_show_is_drawn_as_nothing(tmp_path: Path) -> None:
    out = tmp_path / "still.png"
    assert cli.main(["motion", "plot", "--percent", "0", "-o", str(out)]) == 0
    assert out.read_bytes().startswith(PNG)


def test_a_log_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, out = tmp_path / "log.txt", tmp_path / "dax.png"
    log.write_text(LOG)
    assert cli.main(["motion", "plot", "--from-log", str(log), "-o", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert (found["instrument"], found["quotes"], found["moves"]) == ("dax", 2, 2)
    assert out.read_bytes().startswith(PNG) and len(out.read_bytes()) > 20_000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--instrument", "dex"], "instrument 'dex': it is unknown; name one of sp500"),
        (["--percent", "nan"], "nan is no day's move"),
        (["--percent", "1", "-100"], "-100 is no day's move"),
        (["--percent", *["1"] * 61], "more than 60 quotes"),
        (["--percent", "1", "--from-log", "x"], "not allowed with"),
        (["--from-log", "nowhere.txt"], "nowhere.txt: No such file"),
        (["--from-log", "log.txt"], "log.txt: no line of a seesaw with a quote"),
        (["--from-log", "log.txt", "--instrument", "dax"], "log.txt: no quote of dax"),
        (["--config", "config.json"], "'approach_us' is not right"),
        (["--out", "no/such/folder.png"], "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("log.txt").write_bytes(b"\xff\x00 nothing of ours\n")
    Path("config.json").write_text('{"approach_us": 99}')
    out = [] if "--out" in arguments else ["-o", "x.png"]
    assert cli.main(["motion", "plot", *out, *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not Path("x.png").exists()
