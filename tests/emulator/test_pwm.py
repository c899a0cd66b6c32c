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
        assert abs(pulses[-1] - ns) <= STEP_NS[chip] / 2 + 1
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
