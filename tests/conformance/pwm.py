# machine.PWM: the traps of its construction, and duty as the chip's steps have it.
# touches:
from machine import PWM, Pin

PERIOD = 20000000  # ns, at 50 Hz


def attempt(name, action, *args, **named):
    try:
        print(name, action(*args, **named))
    except (ValueError, RuntimeError) as error:
        said = error.args if isinstance(error, RuntimeError) else "refused"
        print(name, type(error).__name__, said)


pin = Pin(4)
attempt("a pulse in the constructor", PWM, pin, freq=50, duty_ns=1500000)
pwm = PWM(pin, freq=50)
print("without a duty", pwm.freq(), pwm.duty(), pwm.duty_u16(), pwm.duty_ns())
pwm = PWM(pin, freq=50, duty_u16=0)
print("none", pwm.freq(), pwm.duty(), pwm.duty_u16(), pwm.duty_ns())

seen = []
for ns in range(1500000, 1520000, 100):
    pwm.duty_ns(ns)
    if pwm.duty_ns() not in seen:
        seen.append(pwm.duty_ns())
steps = [seen[n + 1] - seen[n] for n in range(len(seen) - 1)]
step = 305 if min(steps) < 1000 else 2441
print("steps", min(steps) >= step, max(steps) <= step + 1, seen == sorted(seen))
for ns in (0, 500000, 1500000, 2500000, PERIOD // 2, PERIOD - 3000):
    pwm.duty_ns(ns)
    print(ns, abs(pwm.duty_ns() - ns) <= step, abs(pwm.duty_u16() - ns * 65536 // PERIOD) <= 8)
pwm.duty_ns(1500000)
pwm.freq(100)
print("another frequency, the same pulse", pwm.freq(), abs(pwm.duty_ns() - 1500000) <= step)
attempt("more than a period", pwm.duty_ns, PERIOD // 2 + 1)
attempt("less than nothing", pwm.duty_ns, -1)
attempt("duty_u16 above", pwm.duty_u16, 65536)
attempt("duty_u16 below", pwm.duty_u16, -1)
attempt("duty above", pwm.duty, 1024)
for duty in (0, 256, 512):
    pwm.duty(duty)
    print(duty, pwm.duty(), pwm.duty_u16())
pwm.duty_ns(0)
print("no pulse", pwm.duty_ns(), pwm.duty_u16())
pwm.deinit()
attempt("after deinit", pwm.duty_ns, 1500000)
attempt("after deinit", pwm.duty_u16)
print("END")
