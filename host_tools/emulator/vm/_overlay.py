# A module of the VM with some of its members replaced, as an import gives it: a module cannot be
# made here, and copying one costs heap.


class Overlay:
    def __init__(self, host, **members):
        self._host = host
        for name in members:
            setattr(self, name, members[name])

    def __getattr__(self, name):
        return getattr(self._host, name)
