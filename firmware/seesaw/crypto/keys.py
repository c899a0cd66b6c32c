"""Public keys of TUF metadata, by keytype and scheme. Source: TUF 1.0.34, section 4.2.1.

The arithmetic of a kind of key is loaded with the first such key: a device that meets one kind only
has the heap for one.
"""

import binascii
import hashlib

from seesaw.crypto import BadKey

P256 = "ecdsa-sha2-nistp256"  # the keytype too, before TUF 1.0


class Key:
    """A public key. check: the verify() of its arithmetic; numbers: what that takes first."""

    def __init__(self, check, numbers: tuple, hashed: bool):
        self._check = check
        self._numbers = numbers
        self._hashed = hashed

    def verify(self, signature: bytes, feed, pause=None) -> bool:
        """Did the owner of this key sign this message? False for whatever is no signature of it.

        feed(update) calls update(bytes) with the message piece by piece, in order; pause(), if
        given, is called on the way: at each sixteenth of the work on a curve and each block of
        SHA-512, before and after the one long step of RSA.
        """
        message = feed
        if self._hashed:
            digest = hashlib.sha256()
            feed(digest.update)
            message = digest.digest()
        return self._check(*self._numbers, signature, message, pause)


def verifier(keytype: str, scheme: str, public: str) -> Key:
    """The key in `public`: hexadecimal digits for Ed25519, PEM for the others.

    Raises BadKey for a pair that is not known, and for a key that is not of its form. Whether an
    Ed25519 key is a point of the curve takes long, so that is for verify() to say.
    """
    kind = (keytype, scheme)
    if not isinstance(public, str):
        raise BadKey("no text")
    if kind == ("ed25519", "ed25519"):
        from seesaw.crypto import ed25519

        return Key(ed25519.verify, (_octets(public),), False)
    if kind == ("ecdsa", P256) or kind == (P256, P256):
        from seesaw.crypto import der, p256

        octets = der.p256_key(public)
        if p256.point(octets):
            return Key(p256.verify, (octets,), True)
    elif kind == ("rsa", "rsassa-pss-sha256"):
        from seesaw.crypto import der, rsa

        numbers = der.rsa_key(public)
        if rsa.key_size(*numbers):
            return Key(rsa.verify, numbers, True)
    raise BadKey("%s, %s" % kind)


def _octets(digits: str) -> bytes:
    """32 bytes, of 64 hexadecimal digits. Raises BadKey."""
    try:
        octets = binascii.unhexlify(digits)
    except ValueError:
        octets = b""
    # Not all interpreters mind an odd one out at the end.
    if len(octets) != 32 or len(digits) != 64:
        raise BadKey("hex")
    return octets
