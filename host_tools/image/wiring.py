"""How a board is wired, as an SVG: the same lines for every board, the pins from its data.

Text stays text, in whatever sans-serif there is; a dot joins wires, a bow passes over.
"""

from html import escape

from host_tools.emulator.chips import CHIPS
from host_tools.image.board import Board

PLUS, MINUS, SIGNAL, INK = "#c0392b", "#222222", "#d9822b", "#222222"
PLUS_Y, MINUS_Y = 120, 176
BOARD_X, PINS_X = 40, 320  # of the board's box: left and right
SERVO_Y, LED_Y, BUTTON_Y = 270, 350, 430

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 530" font-family="sans-serif"'
    ' font-size="14" role="img">'
)


def svg(board: Board) -> str:
    """The picture, one element a line."""
    strapping = CHIPS[board.chip].strapping
    lines = [
        HEAD,
        f"<title>{escape(board.title)}: wiring</title>",
        '<rect width="800" height="530" fill="#ffffff"/>',
        *_supply(),
        *_board(board),
        *_servo(board),
        *_led(board, board.led_pin in strapping),
        *_button(board, board.button_pin in strapping),
        _text(40, 500, "One common ground, thick and short. The servo has a rail of its own:"),
        _text(40, 518, "fed from the board's USB, it would reset the chip when it starts."),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _supply() -> list[str]:
    return [
        _box(300, 20, 200, 48),
        _text(400, 42, "5 V supply", "middle", bold=True),
        _text(400, 60, "2 A or more", "middle"),
        _text(344, 84, "+", "end"),
        _text(462, 84, "-"),
        _wire(f"M350 68 V{PLUS_Y}", PLUS),
        _wire(f"M450 68 V{PLUS_Y - 8} a8 8 0 0 1 0 16 V{MINUS_Y}", MINUS),
        _wire(f"M90 {PLUS_Y} H720", PLUS),
        _wire(f"M180 {MINUS_Y} H660", MINUS),
        _dot(350, PLUS_Y, PLUS),
        _dot(450, MINUS_Y, MINUS),
        # the capacitor, at the servo
        _wire(f"M620 {PLUS_Y} V142", PLUS),
        _wire("M602 142 H638", PLUS),
        _wire("M602 152 H638", MINUS),
        _wire(f"M620 152 V{MINUS_Y}", MINUS),
        _dot(620, PLUS_Y, PLUS),
        _dot(620, MINUS_Y, MINUS),
        _text(596, 139, "+", "end"),
        _text(580, 152, "470 to 1000 uF", "end"),
    ]


def _board(board: Board) -> list[str]:
    chip, _, rest = board.title.partition(", ")
    height = BUTTON_Y + 40 - 220
    return [
        _box(BOARD_X, 220, PINS_X - BOARD_X, height),
        _text(BOARD_X + 14, 292, chip, bold=True),
        _text(BOARD_X + 14, 312, rest),
        _text(BOARD_X + 14, 332, board.name),
        _text(90, 240, "5V / VIN", "middle"),
        _text(180, 240, "GND", "middle"),
        _wire(f"M90 220 V{PLUS_Y}", PLUS),
        _wire(f"M180 220 V{MINUS_Y}", MINUS),
    ]


def _servo(board: Board) -> list[str]:
    return [
        _box(560, 220, 200, 80),
        _text(620, 292, "servo", bold=True),
        _text(720, 240, "red", "middle"),
        _text(660, 240, "brown", "middle"),
        _wire(f"M720 220 V{PLUS_Y}", PLUS),
        _wire(f"M660 220 V{MINUS_Y}", MINUS),
        _pin(board.servo_pin, SERVO_Y),
        _wire(f"M{PINS_X} {SERVO_Y} H560", SIGNAL),
        _text(440, SERVO_Y - 8, "signal (orange or white)", "middle"),
    ]


def _led(board: Board, there: bool) -> list[str]:
    lines = [_pin(board.led_pin, LED_Y)]
    if there:
        return [*lines, _text(PINS_X + 14, LED_Y + 5, "status LED, on most boards already there")]
    return [
        *lines,
        _wire(f"M{PINS_X} {LED_Y} H390", INK),
        _box(390, LED_Y - 9, 60, 18),
        _text(420, LED_Y - 16, "330 ohm", "middle"),
        _wire(f"M450 {LED_Y} H500", INK),
        f'<path d="M500 {LED_Y - 12} V{LED_Y + 12} L522 {LED_Y} Z" fill="{INK}"/>',
        _wire(f"M522 {LED_Y - 12} V{LED_Y + 12}", INK),
        _text(511, LED_Y - 18, "status LED", "middle"),
        *_ground(522, LED_Y),
    ]


def _button(board: Board, there: bool) -> list[str]:
    lines = [_pin(board.button_pin, BUTTON_Y)]
    if there:
        return [*lines, _text(PINS_X + 14, BUTTON_Y + 5, "the button BOOT, already there")]
    return [
        *lines,
        _wire(f"M{PINS_X} {BUTTON_Y} H400", INK),
        _wire(f"M400 {BUTTON_Y} L442 {BUTTON_Y - 16}", INK),
        _dot(400, BUTTON_Y, INK),
        _dot(444, BUTTON_Y, INK),
        _text(421, BUTTON_Y - 24, "button", "middle"),
        *_ground(444, BUTTON_Y),
    ]


def _ground(x: int, y: int) -> list[str]:
    return [
        _wire(f"M{x} {y} H600 V{y + 10} M588 {y + 10} H612 M593 {y + 15} H607", MINUS),
        _text(622, y + 18, "GND of the board"),
    ]


def _pin(number: int, y: int) -> str:
    return _text(PINS_X - 10, y + 5, f"GPIO {number}", "end", bold=True)


def _box(x: int, y: int, width: int, height: int) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="#f4f1ea"'
        f' stroke="{INK}" stroke-width="1.5"/>'
    )


def _wire(path: str, colour: str) -> str:
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'


def _dot(x: int, y: int, colour: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="4.5" fill="{colour}"/>'


def _text(x: int, y: int, words: str, anchor: str = "start", *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    where = f'x="{x}" y="{y}" text-anchor="{anchor}"{weight} fill="{INK}"'
    return f"<text {where}>{escape(words)}</text>"
