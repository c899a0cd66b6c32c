"""Splitting the few kinds of URL that the firmware is given: scheme, host, port and path."""

URL_MAX = 512  # characters


def split(url: str) -> tuple:
    """(tls, host, port, path). The path keeps its query and always begins with "/".

    ValueError, with why in a few words, for another scheme, a user name, a fragment, an IPv6
    address, or any character that a request line cannot carry: so nothing in a URL can add a line
    to the request.
    """
    if not 0 < len(url) <= URL_MAX or min(url) < "!" or max(url) > "~":
        raise ValueError("too long, or a character that a URL cannot hold")
    scheme, mark, rest = url.partition("://")
    if not mark or scheme not in ("http", "https"):
        raise ValueError("neither http nor https")
    end = 0
    while end < len(rest) and rest[end] not in "/?#":
        end += 1
    host, path = rest[:end], rest[end:]
    if "#" in path:
        raise ValueError("a fragment")
    tls = scheme == "https"
    host, port = _host_port(host, 443 if tls else 80)
    return tls, host, port, path if path[:1] == "/" else "/" + path


def _host_port(text: str, port: int) -> tuple:
    host, colon, digits = text.partition(":")
    for c in host.lower():
        if not ("a" <= c <= "z" or "0" <= c <= "9" or c in ".-_"):
            raise ValueError("not a host name")
    if not host:
        raise ValueError("no host")
    if colon:
        if not 0 < len(digits) <= 5 or not all("0" <= c <= "9" for c in digits):
            raise ValueError("not a port")
        port = int(digits)
    if not 0 < port < 65536:
        raise ValueError("not a port")
    return host, port
