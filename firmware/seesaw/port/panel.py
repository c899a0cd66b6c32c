"""The button and the light."""

from machine import Pin


class Panel:
    """button: GPIO, to ground when pressed; below 0 when there is none. light: its Pin, or None."""

    def __init__(self, button: int, light):
        self._button = None
        self._light = light
        try:
            if button >= 0:
                self._button = Pin(button, Pin.IN, Pin.PULL_UP)
        except ValueError:
            pass  # no such pin on this chip: then there is no button

    def down(self) -> bool:
        return self._button is not None and not self._button.value()

    def light(self, on: bool) -> None:
        if self._light:
            self._light.value(on)
