"""The portal's answers: a page, whatever a phone asks for."""

from seesaw.net import form
from seesaw.net.serving import REASONS
from seesaw.setup import pages

_NONE = ("/favicon.ico", "/wpad.dat")  # what no page is wanted for
_HEAD = "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"


class Portal:
    """A site, as of net.serving. owner: the program: page(), submitted(form), search(), visited().
    address: ours."""

    def __init__(self, owner, address: str):
        self._owner = owner
        self._address = address

    def refused(self, status: int) -> tuple:
        return status, _HEAD, (REASONS[status],)

    async def answer(self, request) -> tuple:
        path = request.path
        if path in _NONE:
            return self.refused(404)
        if request.headers.get("host", "").split(":")[0] not in ("", self._address):
            return self._page(pages.landing("http://" + self._address + "/"))
        self._owner.visited()
        if request.method == "POST":
            if path == "/save":
                self._owner.submitted(form.fields(request.body))
            elif path == "/scan":
                self._owner.search()
            else:
                return self.refused(404)
        elif path != "/":
            return self._page(pages.landing("http://" + self._address + "/"))
        return self._page(self._owner.page())

    def _page(self, page) -> tuple:
        return 200, _HEAD, page
