"""What of the flash a run depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

# What a reader makes of a page's bytes: pages that come to the same are the same to it.
Alike = Callable[[bytes], bytes]


class Reads:
    """The pages that a run has read before it erased them: all of the flash it depends on.

    alike: of those that were only ever read through a function of their bytes, that function.
    """

    def __init__(self) -> None:
        self.pages: set[int] = set()
        self.alike: dict[int, Alike] = {}
        self.erased: set[int] = set()

    def note(self, pages: Iterable[int], alike: Alike | None = None) -> None:
        for page in pages:
            if page in self.erased or page in self.pages:
                continue
            if alike is None or self.alike.get(page, alike) is not alike:
                self.pages.add(page)
                self.alike.pop(page, None)
            else:
                self.alike[page] = alike

    def add(self, pages: Iterable[int], alike: Iterable[tuple[int, Alike]]) -> None:
        """What another run depends on, which begins here."""
        self.note(pages)
        for page, made in alike:
            self.note((page,), made)
