"""The portal's pages, piece by piece: no script, no font, no picture, nothing from elsewhere."""

from binascii import hexlify

from seesaw.net.form import escaped
from seesaw.setup.credentials import readable

_HEAD = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Seesaw set-up</title>
<link rel="icon" href="data:,">
"""
_STYLE = """<style>
body{font:1.1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:30rem;padding:1rem;color:#1a1a1a;\
background:#fff}
h1{font-size:1.5rem}fieldset{border:1px solid #767676;border-radius:.4rem;margin:1rem 0}
label{display:block;padding:.4rem 0}small{color:#555}
[type=text]{box-sizing:border-box;width:100%;font:inherit;padding:.5rem;border:1px solid #767676;\
border-radius:.3rem}
[type=radio],[type=checkbox]{width:1.2rem;height:1.2rem;margin-right:.5rem}
button{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:.3rem;color:#fff;background:#0b5394}
[role=status]{border-left:.3rem solid #0b5394;padding:.5rem .8rem;background:#eef4fa}
#password{-webkit-text-security:disc}#show:checked~#password{-webkit-text-security:none}
</style></head><body><h1>Seesaw set-up</h1>
"""
_LANDING = """<meta http-equiv="refresh" content="0;url=%s"></head><body>
<p><a href="%s">Set up the seesaw</a></p></body></html>
"""
_WAIT = """<meta http-equiv="refresh" content="4;url=/">"""
_NETWORK = """<label><input type="radio" name="ssid" value="%s"%s>%s <small>%s, %s</small></label>
"""
_OTHER = """<label for="other">Another network, or a hidden one</label>
<input type="text" id="other" name="other" autocomplete="off" autocapitalize="none" \
autocorrect="off" spellcheck="false">
</fieldset><fieldset><legend>Password</legend>
<input type="checkbox" id="show"><label for="show" style="display:inline">Show the password</label>
<label for="password">Password of the network; empty if it has none</label>
<input type="text" id="password" name="password" autocomplete="off" autocapitalize="none" \
autocorrect="off" spellcheck="false">
</fieldset><label><input type="checkbox" name="anyway" value="1">Use it even if it has no internet \
or a login page</label><p><button>Connect</button></p></form>
<form method="post" action="/scan"><button>Search again</button></form>
"""


def landing(home: str):
    """What answers every probe: a page that leads to ours. A redirect would not do for all."""
    yield _HEAD
    yield _LANDING % (home, home)


def waiting(words: str):
    """Comes again by itself until there is a result."""
    yield _HEAD
    yield _WAIT
    yield _STYLE
    yield '<p role="status">%s</p><p><a href="/">Look again</a></p></body></html>' % escaped(words)


def over(words: str):
    """The last page."""
    yield _HEAD
    yield _STYLE
    yield '<p role="status">%s</p></body></html>' % escaped(words)


def form(words: str, networks: list, ssid: bytes, mac: str, version: str):
    """networks: (name, dBm, open) each. ssid: what was chosen last, or is saved."""
    yield _HEAD
    yield _STYLE
    if words:
        yield '<p role="status">%s</p>' % escaped(words)
    yield '<form method="post" action="/save"><fieldset><legend>Network</legend>'
    if ssid and ssid not in [one[0] for one in networks]:
        networks = networks + [(ssid, 0, False)]
    for name, dbm, is_open in networks:
        yield _NETWORK % (
            hexlify(name).decode(), " checked" if name == ssid else "", escaped(readable(name)),
            _strength(dbm), "open" if is_open else "with password",
        )  # fmt: skip
    yield _OTHER
    yield "<p><small>MAC address %s, version %s</small></p></body></html>" % (mac, escaped(version))


def _strength(dbm: int) -> str:
    if not dbm:
        return "not seen now"
    return "strong" if dbm >= -60 else "medium" if dbm >= -75 else "weak"
