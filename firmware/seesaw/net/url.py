"""Splitting the few kinds of URL that the firmware is given: scheme, host, port and path."""

URL_MAX = 512  # characters


def split(url: str) -> tuple:
    """(tls, host, port, path). The path keeps its query and always begins with "/".

    ValueError, with why in a few words, for another scheme, a user name, a fragment, an IPv6
    address, or any character that a request line cannot carry: so nothing in a URL can add a line
    to the request.
    """
    if not 0 < len(url) <= URL_MAX or min(url) < "!" or max(url) > "~":
        raise ValueError("too long, or not plain ASCII")
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("http", "https"):
        raise ValueError("neither http nor https")
    tls = scheme == "https"
    host = rest.partition("/")[0].partition("?")[0]
    path = rest[len(host) :]
    if "#" in rest:
        raise ValueError("a fragment")
    host, colon, port = host.partition(":")
    if not colon:
        port = 443 if tls else 80
    elif 0 < len(port) <= 5 and all("0" <= c <= "9" for c in port):
        port = int(port)
    if not host or not all("a" <= c <= "z" or "0" <= c <= "9" or c in ".-_" for c in host.lower()):
        raise ValueError("not a host name")
    if type(port) is str or not 0 < port < 65536:
        raise ValueError("not a port")
    return tls, host, port, path if path[:1] == "/" else "/" + path
