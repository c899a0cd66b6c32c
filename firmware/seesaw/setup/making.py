"""The wiring that set-up alone needs."""

from seesaw import config, tuning
from seesaw.button import listen
from seesaw.port import access, doors, panel, serial
from seesaw.port.udp import nonce
from seesaw.setup import secret
from seesaw.setup.credentials import keep
from seesaw.setup.program import Setup
from seesaw.typed import Typed


def setup(boot, settings, chip, clock, store) -> Setup:
    """Set-up of this chip and its settings."""

    def kept(ssid: bytes, password: bytes) -> None:
        keep(store, ssid, password)

    pins = tuning.parse(config.load(store))
    light = chip.led((pins["servo_pin"], pins["power_pin"]), 0)
    key = secret.drawn(store, nonce)
    ports = chip, access.Access(), doors, serial.Serial(), clock
    made = Setup(boot, settings, kept, *ports, key)
    made.button = listen(panel.Panel(pins["button_pin"], light), made)
    made.typed = Typed(made, "setup", made.serial.write)
    return made
