"""Whose key the release trusts: "development" for the key that everybody has, else "maker"."""


def root() -> str:
    try:
        with open("/bundle/root.json", "rb") as file:
            return "development" if b'"x-seesaw-development"' in file.read() else "maker"
    except OSError:
        return "maker"
