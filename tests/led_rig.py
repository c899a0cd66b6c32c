"""The LED of a whole device, watched between firmware and chip."""

from rig import BOARD, World


class Lit:
    """When the LED went on and off: (us, level), as it changed."""

    def __init__(self, world: World, pin: int = BOARD.led_pin) -> None:
        self.changes: list[tuple[int, int]] = [(0, 0)]
        pwm = world.device.board.pwm
        real, let_go = pwm.pin, pwm.release

        def note(level: int) -> None:
            if level != self.changes[-1][1]:
                self.changes.append((world.device.clock.now_us, level))

        def watched(number: int, mode: int, value: int | None, pull: int = -1) -> int:
            if number == pin and value is not None:
                note(1 if value else 0)
            return real(number, mode, value, pull)

        def released() -> None:
            note(0)
            let_go()

        pwm.pin, pwm.release = watched, released  # type: ignore[method-assign]

    def groups(self, since_s: int, until_s: int) -> list[int]:
        """Blinks between two pauses of more than a second, without the first and the last group."""
        on = [at for at, level in self.changes if level and since_s <= at / 1e6 < until_s]
        counts = [1]
        for before, at in zip(on, on[1:], strict=False):
            if at - before > 1_000_000:
                counts.append(0)
            counts[-1] += 1
        return counts[1:-1]

    def blinked(self) -> bool:
        return any(level for _, level in self.changes)
