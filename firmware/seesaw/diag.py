"""One paste that tells support how a seesaw is: what to do in plain words, then the facts.

Facts and nothing but facts go in, so it is the same from the app, from the updater and from the
prompt. What nobody else may know must not be among the facts; what crept into a text all the same,
such as an exception that quotes a password, is taken out here (firmware/SPEC.md, "Diagnostics").
"""

from binascii import crc32

from micropython import const

BEGIN = "--- SEESAW DIAG 1 BEGIN ---"
END = "--- SEESAW DIAG 1 END crc32=%08x ---"
_PASTE_MAX = const(4000)  # bytes, with its marks
_VALUE_MAX = const(120)  # characters; fewer when there is too much of everything
_SECRET_MIN = const(4)  # what is shorter would be found in every second word

# First match wins: (fact, how its value begins, what to say). {} is what the app says is wrong.
VERDICTS = (
    ("wifi.set", "no", "It was never set up: join its own network with a phone, or use"
     " 'seesaw config --ssid'."),
    ("boot.trial", "yes", "It tries a new release. Leave it alone for half an hour."),
    ("app.why", "wrong password", "Your Wi-Fi: its password is probably wrong."),
    ("app.why", "no such network", "Your Wi-Fi: its network is not seen. Is the router on, near,"
     " and does it send at 2.4 GHz?"),
    ("app.state", "OFFLINE", "Your Wi-Fi: it is not joined ({}). It goes on trying; look after the"
     " router."),
    ("boot.safe", "yes", "It crashes again and again, and looks for a release that cures it. Leave"
     " it on, with Wi-Fi; if it is still so tomorrow, send this to its maker."),
    ("app.state", "LIVE", "Working. Nothing to do."),
    ("app.state", "CLOSED", "Working. The market is closed: it shows the last session's move."
     " Nothing to do."),
    ("app.state", "DELAYED", "Working. The only price there is comes minutes late. Nothing to do."),
    ("app.state", "PROXY", "Working. It follows a fund, for want of the index itself. Nothing to"
     " do."),
    ("app.state", "STARTING", "It has just started. Ask again in a minute."),
    ("app.state", "", "The price data: no price that can be believed ({}). It asks other providers"
     " by itself; if it is still so tomorrow, send this to its maker."),
    ("program", "setup", "It waits to be set up: join its own network with a phone."),
    ("program", "updater", "It looks for a release. The app follows in a minute."),
    ("program", "", "Its program was stopped at the prompt. Reset it to go on."),
)


def verdict(facts: dict) -> str:
    """In plain words: is all well, and if not, whose matter is it?"""
    for key, start, words in VERDICTS:
        if key in facts and str(facts[key]).startswith(start):
            return words.replace("{}", str(facts.get("app.why") or "no reason"))
    return ""


def plain(text: str, most: int) -> str:
    """Printable ASCII, no longer than that."""
    kept = "".join([c if " " <= c <= "~" else "?" for c in text[:most]]).strip()
    return kept[: most - 3] + "..." if len(text) > most else kept


def without(text: str, secrets: tuple) -> str:
    """The text, with a mark in place of each secret, and of its beginning where the text is cut in
    the middle of it. Those that are no text are not looked for."""
    for secret in secrets:
        if isinstance(secret, str) and len(secret) >= _SECRET_MIN:
            text = text.replace(secret, "***")
            for size in range(len(secret) - 1, _SECRET_MIN - 1, -1):
                if text.endswith(secret[:size]):
                    text = text[:-size] + "***"
    return text


def paste(facts: dict, secrets: tuple = ()) -> str:
    """The whole, each line ended with a line feed. facts: words -> text or number; one of no value
    is left out. secrets: texts that must not be in it."""
    most = _VALUE_MAX
    while True:
        lines = [plain(without(verdict(facts), secrets), 3 * _VALUE_MAX)]
        for key in sorted(facts):
            value = plain(without(str(facts[key]), secrets), most)
            if value:
                lines.append(key + ": " + value)
        body = "\n".join(lines) + "\n"
        if len(body) <= _PASTE_MAX - len(BEGIN) - len(END) - 6 or most < 4:
            return BEGIN + "\n" + body + END % crc32(body.encode()) + "\n"
        most //= 2
