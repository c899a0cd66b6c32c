"""A servo's way from one pulse to another: minimum jerk, one step per 20 ms frame.

The path is s(u) = 10u^3 - 15u^4 + 6u^5 (Flash and Hogan, "The coordination of arm movements",
1985): no speed and no acceleration at either end, peaks of 15/8 D/T and 10/sqrt(3) D/T^2 between.

Integers only. A small int on the ESP32 has 31 bits, and whatever leaves it is allocated; so every
intermediate stays below 2**30 and a step allocates nothing. Three things make room for that:
the path is symmetric, s(u) = 1 - s(1 - u), so only its first half is computed; there, with w = 2u,
it is (20w^3 - 15w^4 + 3w^5) / 16 with w from 0 to 1; and each power is one multiplication by h and
one division by the frame count, so no value outgrows the distance times the frame count.
"""

from micropython import const

FRAME_MS = const(20)  # one servo frame at 50 Hz
SPEED_MAX = const(25)  # degrees of the beam per second
ACCELERATION_MAX = const(40)  # degrees of the beam per second squared
DISTANCE_MAX_NS = const(1000000)
FRAMES_MAX = const(536)  # 2 * DISTANCE_MAX_NS * FRAMES_MAX < 2**30
_NS_PER_DEGREE_MIN = const(7500)  # DISTANCE_MAX_NS at SPEED_MAX takes 500 frames

# frames >= degrees * 15/8 / SPEED_MAX / 0.020 s, kept as a fraction
_SPEED_NUM = const(375)
_SPEED_DEN = const(4 * SPEED_MAX)
# frames^2 >= degrees * 10/sqrt(3) / ACCELERATION_MAX / (0.020 s)^2, rounded up
_ACCELERATION = const((14434 + ACCELERATION_MAX - 1) // ACCELERATION_MAX)


def frame_count(distance_ns: int, ns_per_degree: int) -> int:
    """Fewest frames that keep a move inside SPEED_MAX and ACCELERATION_MAX."""
    fast = _SPEED_NUM * distance_ns // (_SPEED_DEN * ns_per_degree) + 1
    square = _ACCELERATION * distance_ns // ns_per_degree + 1
    count = 1
    while count * count < square:
        count += 1
    return max(count, fast)


def leg_end(pulse_ns: int, target_ns: int, side_ns: int, low_ns: int, high_ns: int) -> int:
    """Where the next move ends, on the way to a target that is come to from one side alone.

    side_ns: how far beyond the target it turns; above 0 the last move rises, below 0 it falls, 0
    goes straight. A target so near the end of [low_ns, high_ns] that there is no room beyond it
    is gone to straight: so the end is the target exactly when the target is then reached.
    """
    if not side_ns or (target_ns != pulse_ns and (target_ns > pulse_ns) == (side_ns > 0)):
        return target_ns
    beyond_ns = min(max(target_ns - side_ns, low_ns), high_ns)
    return target_ns if beyond_ns == pulse_ns else beyond_ns


class Motion:
    """One servo's motion. `pulse_ns` is where it stands (0 before the first move), `done` is rest.

    us_per_degree counts degrees of the beam; its sign does not matter. ValueError below 7.5.
    """

    def __init__(self, us_per_degree: float = 40) -> None:
        self.ns_per_degree = int(abs(us_per_degree) * 1000)
        if self.ns_per_degree < _NS_PER_DEGREE_MIN:
            raise ValueError("us_per_degree is below 7.5")
        self.pulse_ns = 0
        self.done = True
        self._start = self._target = self._frame = self._frames = 0

    def start(self, from_ns: int, to_ns: int, slower: int = 1) -> None:
        """Begin a move, from rest: a move is finished before the next, since breaking it off would
        stop dead from full speed. slower: how many times as long it takes, to FRAMES_MAX frames.
        ValueError for a distance above 1,000,000 ns, and during a move."""
        if not self.done:
            raise ValueError("a move is under way")
        distance = abs(to_ns - from_ns)
        if distance > DISTANCE_MAX_NS:
            raise ValueError("a move is too long")
        self._start = self.pulse_ns = from_ns
        self._target = to_ns
        self._frame = 0
        self._frames = min(frame_count(distance, self.ns_per_degree) * slower, FRAMES_MAX)
        self.done = not distance

    def step(self) -> int:
        """Advance one frame; the pulse in nanoseconds. Once done it stays on the target."""
        if self.done:
            return self.pulse_ns
        self._frame += 1
        if self._frame < self._frames:
            self.pulse_ns = self._at(self._frame)
            return self.pulse_ns
        self.pulse_ns = self._target
        self.done = True
        return self.pulse_ns

    def _at(self, frame: int) -> int:
        n = self._frames
        first_half = 2 * frame <= n
        h = 2 * frame if first_half else 2 * (n - frame)
        distance = self._target - self._start
        power = 2 * abs(distance)  # doubled: one guard bit against the rounding of five divisions
        cube = power * h // n * h // n * h // n
        fourth = cube * h // n
        part = (20 * cube - 15 * fourth + 3 * (fourth * h // n)) >> 5
        if distance < 0:
            part = -part
        return self._start + part if first_half else self._target - part
