"""The button and the light."""

from esp32 import NVS
from machine import Pin


class Panel:
    """button: GPIO, to ground when pressed; below 0 when there is none."""

    def __init__(self, button: int):
        self._button = self._light = None
        try:
            if button >= 0:
                self._button = Pin(button, Pin.IN, Pin.PULL_UP)
        except ValueError:
            pass  # no such pin on this chip: then there is no button
        try:
            self._light = Pin(NVS("seesaw").get_i32("led"), Pin.OUT, value=0)
        except (OSError, ValueError):
            pass

    def down(self) -> bool:
        return self._button is not None and not self._button.value()

    def light(self, on: bool) -> None:
        if self._light:
            self._light.value(on)
