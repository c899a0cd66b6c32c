"""LEDC: the traps that a servo meets (micropython ports/esp32/machine_pwm.c)."""

import pytest

from host_tools.emulator.pwm import Pwm

SERVO = 18
STEP_NS = {"esp32": 305, "esp32s3": 2441}  # a step at 50 Hz, rounded down


class Time:
    now_us = 0


def make(chip: str = "esp32") -> Pwm:
    return Pwm(chip, lambda: Time.now_us)


def safe(chip: str = "esp32") -> Pwm:
    pwm = make(chip)
    pwm.pwm_init(SERVO, 50, None, 0, None)
    return pwm


def test_duty_ns_in_the_constructor_raises_and_makes_no_pulse():
    pwm = make()
    with pytest.raises(RuntimeError, match="PWM is inactive"):
        pwm.pwm_init(SERVO, 50, None, None, 1_500_000)
    assert pwm.pulses == []
    assert pwm.pulse_ns(SERVO) == 0


def test_no_duty_is_half_the_time_high():
    pwm = make()
    pwm.pwm_init(SERVO, 50, None, None, None)

    assert pwm.pulse_ns(SERVO) == 10_000_000
    assert pwm.pwm_duty(SERVO, 16, None) == 32768
    assert pwm.pwm_duty(SERVO, 10, None) == 512


def test_a_second_init_without_duty_keeps_the_duty():
    pwm = safe()
    pwm.pwm_duty(SERVO, 0, 1_500_000)
    pwm.pwm_init(SERVO, 100, None, None, None)

    assert pwm.pwm_freq(SERVO, None) == 100
    assert pwm.pulse_ns(SERVO) == pytest.approx(1_500_000, abs=305)


def test_init_checks_duty_ns_against_the_old_frequency():
    pwm = safe()
    pwm.pwm_freq(SERVO, 1000)
    with pytest.raises(ValueError):
        pwm.pwm_init(SERVO, 50, None, None, 1_500_000)


@pytest.mark.parametrize("chip", STEP_NS)
def test_pulses_come_in_steps(chip):
    pwm = safe(chip)
    pulses = []
    for ns in range(1_500_000, 1_510_000, 100):
        pwm.pwm_duty(SERVO, 0, ns)
        pulses.append(pwm.pwm_duty(SERVO, 0, None))
        # To the nearest 1/65536 of a period, then down to a step of the chip.
        assert -STEP_NS[chip] - 1 <= pulses[-1] - ns <= 154
    steps = {b - a for a, b in zip(pulses, pulses[1:], strict=False)} - {0}

    assert steps <= {STEP_NS[chip], STEP_NS[chip] + 1}


@pytest.mark.parametrize(("unit", "value"), [(0, -1), (0, 20_000_001), (16, 65_536), (16, -1)])
def test_duty_out_of_range(unit, value):
    pwm = safe()
    with pytest.raises(ValueError):
        pwm.pwm_duty(SERVO, unit, value)
    assert pwm.pulse_ns(SERVO) == 0


def test_any_reset_lets_go_of_every_pin():
    pwm = safe()
    seen = []
    pwm.on_pulse = lambda pin, ns: seen.append((pin, ns))
    pwm.pwm_duty(SERVO, 0, 1_500_000)
    pwm.pin(2, -1, 1)
    Time.now_us = 77
    pwm.release()

    assert pwm.pulse_ns(SERVO) == 0
    assert pwm.pulses[-1] == (77, SERVO, 0)
    assert seen[-1] == (SERVO, 0)
    assert pwm.pin(2, -1, None) == 0
    with pytest.raises(RuntimeError):
        pwm.pwm_duty(SERVO, 0, None)


def test_a_frequency_change_keeps_the_pulse_that_was_asked_for_in_ns():
    pwm = safe()
    pwm.pwm_duty(SERVO, 0, 1_000_000)
    pwm.pwm_freq(SERVO, 200)
    assert pwm.pulse_ns(SERVO) == pytest.approx(1_000_000, abs=100)
    pwm.pwm_duty(SERVO, 16, 32768)
    pwm.pwm_freq(SERVO, 50)
    assert pwm.pulse_ns(SERVO) == 10_000_000


def test_the_chip_has_forty_pins():
    with pytest.raises(ValueError):
        make().pin(40, 3, None)


# -- channels, timers and what the port refuses (machine_pwm.c) --------------------------------

PINS = {"esp32": [p for p in range(40) if p not in (20, 24, 28, 29, 30, 31)][:17],
        "esp32s3": list(range(1, 10)), "esp32c3": list(range(7))}  # fmt: skip


@pytest.mark.parametrize(("chip", "channels"), [("esp32", 16), ("esp32s3", 8), ("esp32c3", 6)])
def test_a_chip_has_so_many_channels(chip, channels):
    pwm = make(chip)
    *fit, last = PINS[chip]
    assert len(fit) == channels
    for pin in fit:
        pwm.pwm_init(pin, 50, None, 0, None)
    with pytest.raises(RuntimeError, match=f"^out of PWM channels:{channels}$"):
        pwm.pwm_init(last, 50, None, 0, None)
    pwm.pwm_deinit(fit[0])
    pwm.pwm_init(last, 50, None, 0, None)


@pytest.mark.parametrize(("chip", "timers"), [("esp32", 8), ("esp32s3", 4), ("esp32c3", 4)])
def test_so_many_different_frequencies_run_at_once(chip, timers):
    pwm = make(chip)
    pins = PINS[chip]
    for index in range(timers):
        pwm.pwm_init(pins[index], 50 + index, None, 0, None)
    with pytest.raises(RuntimeError, match="^out of PWM channels:"):  # its words, truly
        pwm.pwm_init(pins[timers], 99, None, 0, None)
    pwm.pwm_init(pins[timers], 50, None, 0, None)  # shares a timer
    with pytest.raises(RuntimeError, match=f"^out of PWM timers:{timers}$"):
        pwm.pwm_freq(pins[timers], 99)
    assert pwm.pwm_freq(pins[timers], None) == 50
    pwm.pwm_freq(pins[1], 99)  # its timer is its own
    assert pwm.pwm_freq(pins[1], None) == 99


@pytest.mark.parametrize("freq", [0, -2, 40_000_001])
def test_frequencies_that_are_refused(freq):
    pwm = make()
    with pytest.raises(ValueError, match="^frequency must be from 1Hz to 40MHz$"):
        pwm.pwm_init(SERVO, freq, None, 0, None)
    assert not pwm.channels
    pwm.pwm_init(SERVO, None, None, 0, None)
    assert pwm.pwm_freq(SERVO, None) == 5000
    with pytest.raises(ValueError, match="^frequency must be"):
        pwm.pwm_freq(SERVO, freq)


@pytest.mark.parametrize(
    ("unit", "value", "words"),
    [
        (0, 20_000_001, "duty_ns must be from 0 to 20000000 ns"),
        (16, 65_536, "duty_u16 must be from 0 to 65536"),
        (10, 1024, "duty must be from 0 to 1023"),
        (10, -1, "duty must be from 0 to 1023"),
    ],
)
def test_what_is_said_of_a_duty_out_of_range(unit, value, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        safe().pwm_duty(SERVO, unit, value)


def test_the_greatest_duty_is_always_high():
    pwm = safe()
    for unit, value in ((16, 65535), (10, 1023), (0, 20_000_000)):
        pwm.pwm_duty(SERVO, unit, value)
        assert pwm.pulse_ns(SERVO) == 20_000_000
        assert pwm.pwm_duty(SERVO, 16, None) == 65535


def test_the_least_pulse_is_one_step():
    pwm = safe()
    pwm.pwm_duty(SERVO, 0, 1)
    assert pwm.pulse_ns(SERVO) == 305
    pwm = safe("esp32s3")
    pwm.pwm_duty(SERVO, 0, 1)
    assert pwm.pulse_ns(SERVO) == 0


def test_a_second_constructor_forgets_the_duty_and_has_no_ns_either():
    pwm = safe()
    pwm.pwm_duty(SERVO, 0, 1_500_000)
    with pytest.raises(RuntimeError, match="PWM is inactive"):
        pwm.pwm_new(SERVO, 50, None, None, 1_000_000)
    assert pwm.pulse_ns(SERVO) == pytest.approx(1_500_000, abs=305)
    pwm.pwm_new(SERVO, None, None, None, None)
    assert (pwm.pulse_ns(SERVO), pwm.pwm_freq(SERVO, None)) == (10_000_000, 50)


def test_the_resolution_falls_with_the_frequency():
    pwm = make()
    for freq, bits in ((5, 16), (1000, 16), (5000, 13), (100_000, 9), (40_000_000, 1)):
        pwm.pwm_init(SERVO, freq, None, 0, None)
        assert pwm.channels[SERVO].top == 1 << bits


def test_an_inverted_output_is_high_without_a_pulse():
    pwm = make()
    pwm.pwm_new(SERVO, 50, None, 0, None, True)
    assert pwm.pulse_ns(SERVO) == 20_000_000
    pwm.pwm_deinit(SERVO)
    assert pwm.pulse_ns(SERVO) == 0
