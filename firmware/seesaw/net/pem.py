"""Certificates in a text of them (PEM, RFC 7468): the roots of TLS."""

import binascii

MORE_MAX = 2048  # bytes of PEM that signed data may add (seesaw.data.roots)


def certificates(lines, names: tuple):
    """Generator: each certificate as DER, one in memory at a time. lines: of PEM, where one that
    begins with "# name " goes before each. names: the wanted ones, () for all."""
    left = len(names)
    wanted = False
    text = None
    for line in lines:
        if line.startswith(b"# "):
            wanted = not names or line.split(b" ")[1].decode() in names
        elif line.startswith(b"-----BEGIN "):
            text = bytearray() if wanted else None
        elif text is not None and line.startswith(b"-----END "):
            yield binascii.a2b_base64(text)
            text = None
            left -= 1
            if not left:
                break
        elif text is not None:
            text += line
