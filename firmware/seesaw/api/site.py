"""Who may ask what: the table of requests (firmware/SPEC.md, "The page and its API").

The owner's network is no safe place: a web page from anywhere can have his browser ask. So a name
that is not ours is not answered (DNS rebinding), nor is another site's script or form.
"""

import json

from micropython import const

from seesaw.api import answers, changes, page
from seesaw.api.events import HEAD as STREAM
from seesaw.api.events import Events
from seesaw.api.orders import Orders
from seesaw.net.form import fields
from seesaw.net.serving import REASONS

_NO_STORE = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
_JSON = "Content-Type: application/json\r\n" + _NO_STORE
_TEXT = "Content-Type: text/plain; charset=utf-8\r\n" + _NO_STORE
_HTML = ("Content-Type: text/html; charset=utf-8\r\n"
         "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
         "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; form-action 'self'; "
         "frame-ancestors 'none'; base-uri 'none'\r\n" + _NO_STORE)  # fmt: skip
_PIECE = const(512)  # characters
_WHY = {403: "asked by another site", 415: "another Content-Type is needed",
        421: "this host is not me", 503: "two listen already"}  # fmt: skip
_KINDS = ("application/json", "application/x-www-form-urlencoded")


class Site:
    """app: seesaw.app.App. name: the device's. address(): its own now. load, keep: of Orders. diag:
    async, gives a paste (SPEC, "Diagnostics")."""

    def __init__(self, app, name: str, address, load, keep, diag):
        self._app = app
        self._name = name
        self._address = address
        self._orders = Orders(app, load, keep)
        self._events = Events(app)
        self._diag = diag
        self._table = {  # path: (what GET gives, what POST does)
            "/": (self._page, self._form),
            "/api/v1/info": (self._info, None),
            "/api/v1/status": (self._status, None),
            "/api/v1/config": (self._config, self._change),
            "/api/v1/action": (None, self._act),
            "/api/v1/diag": (self._tell, None),
            "/api/v1/events": (self._follow, None),
        }

    def refused(self, status: int) -> tuple:
        return _json(status, {"error": _WHY.get(status) or REASONS.get(status, "")})

    async def answer(self, request) -> tuple:
        posts = request.method == "POST"
        status = self._barred(request.headers, request.path == "/", posts)
        if status:
            return self.refused(status)
        if request.path not in self._table:
            return self.refused(404)
        does = self._table[request.path][posts]
        return await does(request) if does else self.refused(405)

    def _barred(self, said: dict, is_form: bool, posts: bool) -> int:
        """The status that refuses it, 0 for none."""
        host = said.get("host", "")
        if host.split(":")[0] not in (self._address(), self._name, self._name + ".local"):
            return 421
        home = "http://" + host
        if said.get("origin", home) != home:
            return 403
        if posts:
            if said.get("content-type", "").split(";")[0].strip() != _KINDS[is_form]:
                return 415
            # A script of another site cannot send JSON; a form could, so it has to say whose it is.
            if is_form and "origin" not in said:
                return 0 if said.get("referer", "").startswith(home + "/") else 403
        return 0

    async def _page(self, request) -> tuple:
        app = self._app
        config = {key: app.settings[key] for key in changes.KEYS}
        values = page.shown(answers.info(app, self._name), answers.status(app), config)
        return 200, _HTML, page.page(values)

    async def _form(self, request) -> tuple:
        action = fields(request.body).get("action")
        if action is None:
            status, words = await self._orders.change(page.typed(request.body))
        else:
            status, words = self._orders.act("".join([chr(c) for c in action]))
        return status, _HTML, page.note(words)

    async def _info(self, request) -> tuple:
        return _json(200, answers.info(self._app, self._name))

    async def _status(self, request) -> tuple:
        return _json(200, answers.status(self._app))

    async def _config(self, request) -> tuple:
        settings = self._app.settings
        return _json(200, {key: settings[key] for key in changes.KEYS})

    async def _change(self, request) -> tuple:
        return _told(*await self._orders.change(_read(request.body)))

    async def _act(self, request) -> tuple:
        found = _read(request.body)
        return _told(*self._orders.act(found.get("action") if type(found) is dict else None))

    async def _tell(self, request) -> tuple:
        text = await self._diag()
        return 200, _TEXT, (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))

    async def _follow(self, request) -> tuple:
        if self._events.full():
            return self.refused(503)
        return 200, STREAM, self._events.send


def _read(body: bytes):
    """None for what is no JSON."""
    try:
        return json.loads(body)
    except (ValueError, RuntimeError):  # RuntimeError: nested too deep
        return None


def _told(status: int, words: str) -> tuple:
    return _json(status, {"done" if status < 300 else "error": words})


def _json(status: int, found: dict) -> tuple:
    more = "Retry-After: 10\r\n" if status in (429, 503) else ""
    return status, _JSON + more, (json.dumps(found),)
