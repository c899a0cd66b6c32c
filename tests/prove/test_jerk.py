"""The judge of the beam's limits: clean for the firmware, and each kind of fault is seen."""

from collections.abc import Iterator

import pytest
from rig import World, load_board, new_flash, release
from seesaw.core.profile import Motion

from host_tools.emulator.board import Options
from host_tools.prove.jerk import Judge, Pulse, limits

FRAME_US = 20_000
ALLOWED = limits({"us_per_degree": 40, "low_us": 1100, "high_us": 1900}, 16)
RUN_S, LONG_S = 60, 900


def move(start_us: int, ends: tuple[int, int], slope: float = 40, every: int = 1) -> list[Pulse]:
    """A move of the firmware's profile as the chip's PWM rounds it, then silence."""

    def frames() -> Iterator[Pulse]:
        motion = Motion(slope)
        motion.start(*ends)
        yield start_us, 18, ends[0]
        at_us = start_us
        while not motion.done:
            for _ in range(every):
                ns = motion.step()
            at_us += FRAME_US
            yield at_us, 18, ns * 65536 // 20_000_000 * 20_000_000 // 65536
        yield at_us + FRAME_US, 18, 0

    return list(frames())


def seen(*moves: list[Pulse]) -> str:
    return Judge(ALLOWED).look([pulse for one in moves for pulse in one])


def test_the_profile_is_clean() -> None:
    up, down = move(0, (1_500_000, 1_890_000)), move(5_000_000, (1_890_000, 1_110_000))
    assert seen(up, down) == ""


@pytest.mark.parametrize(
    ("moves", "words"),
    [
        ([move(0, (1_500_000, 1_950_000))], "a pulse of 19"),
        ([move(0, (1_500_000, 1_050_000))], "a pulse of 10"),
        ([[(0, 18, 10_000_000)]], "a pulse of 10000.0 us at 0.0 s"),
        ([[(0, 18, 1_500_000), (20_000, 18, 1_530_000)]], "+30.0 us in one frame at 0.0 s"),
        ([move(0, (1_500_000, 1_600_000), every=2)], "us from one frame's step to the next"),
        ([move(0, (1_500_000, 1_600_000)), move(9_000_000, (1_550_000, 1_560_000))],
         "the first pulse is -49.7 us from the last one at 9.0 s"),
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_seen(moves: list[list[Pulse]], words: str) -> None:
    assert words in seen(*moves)


def test_it_goes_on_where_it_stopped_and_forgets_at_a_start_of_the_chip() -> None:
    judge, pulses = Judge(ALLOWED), move(0, (1_500_000, 1_600_000))
    assert judge.look(pulses[:9]) == judge.look(pulses) == ""
    judge.booted(pulses)
    pulses += move(9_000_000, (1_300_000, 1_310_000))
    assert judge.look(pulses) == ""
    pulses += move(19_000_000, (1_400_000, 1_410_000))
    assert judge.look(pulses) == judge.look(pulses[:1]) == (
        "the first pulse is +90.2 us from the last one at 19.0 s"
    )  # fmt: skip


FAULTS = [
    ((("beam.py", "            self.servo.pulse(self.motion.step())\n",
       "            self.motion.step()\n            self.servo.pulse(end)\n"),), "in one frame"),
    ((("beam.py", "            self.servo.pulse(self.pulse_ns)\n",
       "            self.servo.pulse(self.center_ns)\n"),), "the first pulse is"),
    ((("core/profile.py", "ACCELERATION_MAX = const(40)", "ACCELERATION_MAX = const(14434)"),),
     "us from one frame's step"),
    ((("core/tilt.py", "min(max(pulse_us, low_us), high_us)", "pulse_us"),
      ("beam.py", "min(max(target_ns, self.low_ns), self.high_ns)", "target_ns")), "a pulse of 11"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), FAULTS)
def test_a_fault_in_the_firmware_fails_a_world(
    changes: tuple[tuple[str, str, str], ...], words: str
) -> None:
    """The S&P 500 falls on that day, to 1170 us and beyond."""
    faulty = release("0.1.0", *changes)
    low_us = 1200 if len(changes) > 1 else 1000
    world = World(new_flash(faulty, check_s=86400, low_us=low_us), [faulty])
    with pytest.raises(AssertionError, match=words):
        world.run(LONG_S)


@pytest.mark.parametrize("board", ["esp32_wrover", "esp32s3"])
def test_the_firmware_is_clean_in_a_narrow_range(board: str) -> None:
    good = release("0.1.0", board=load_board(board))
    narrow = {"check_s": 86400, "low_us": 1400, "high_us": 1600, "us_per_degree": -41,
              "center_us": 1450}  # fmt: skip
    world = World(new_flash(good, **narrow), [good], options=Options(chip=load_board(board).chip))
    world.run(RUN_S)
    pulses = [ns for _, _, ns in world.device.board.pwm.pulses if ns]

    assert 1_590_000 < max(pulses) < 1_603_000 and min(pulses) > 1_397_000  # a step of its PWM
