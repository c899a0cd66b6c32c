# PWM, Pin and WLAN as the firmware sees them.
import machine
import network
from machine import PWM, Pin


def attempt(name, action, *args, **named):
    try:
        print(name, action(*args, **named))
    except (OSError, ValueError, RuntimeError) as error:
        print(name, type(error).__name__, error)


attempt("ns in the constructor", PWM, Pin(18), freq=50, duty_ns=1500000)
pwm = PWM(Pin(18), freq=50)
print(pwm.freq(), pwm.duty(), pwm.duty_u16(), pwm.duty_ns())
pwm = PWM(Pin(18), freq=50, duty_u16=0)
for ns in (0, 1, 152, 153, 500000, 1500000, 1500200, 2500000, 20000000):
    pwm.duty_ns(ns)
    print(ns, pwm.duty_ns(), pwm.duty_u16(), pwm.duty())
pwm.freq(100)
print(pwm.freq(), pwm.duty_ns())
attempt("more than a period", pwm.duty_ns, 10000001)
attempt("less than nothing", pwm.duty_ns, -1)
attempt("too much", pwm.duty_u16, 65536)
for value in (0, 1, 32768, 65535):
    pwm.duty_u16(value)
    print(value, pwm.duty_u16(), pwm.duty_ns())
pwm.duty(512)
print(pwm.duty(), pwm.duty_u16())
pwm.deinit()
attempt("after deinit", pwm.duty_ns, 1500000)
led = Pin(2, Pin.OUT, value=1)
print(led.value(), led(0), led())
led.on()
print(led.value())
attempt("no such pin", Pin, 40)

wlan = network.WLAN(network.WLAN.IF_STA)
print(wlan.active(), wlan.status(), wlan.isconnected(), wlan.ifconfig())
attempt("too early", wlan.connect, "home", "password")
print(wlan.active(True), wlan.status() == network.STAT_IDLE)
attempt("connect", wlan.connect, "home", "password")
attempt("connect twice", wlan.connect, "home", "password")
print(wlan.status() == network.STAT_CONNECTING, wlan.config("mac"))
attempt("no signal yet", wlan.status, "rssi")
wlan.disconnect()
print(wlan.status(), wlan.scan(), machine.unique_id())
attempt("unknown", wlan.config, "colour")
attempt("no interface", network.WLAN, 7)
