"""Ed25519 signatures, checked. Source: RFC 8032, sections 5.1.3, 5.1.4 and 5.1.7.

The equation is the one without the cofactor, and R is compared as bytes. S must be below L,
encodings canonical, and the public key not of small order: whoever has such a key has signatures
that fit many messages. A total is (X, Y, Z, T) in extended coordinates: x = X/Z, y = Y/Z and
x * y = T/Z. Nothing here is secret, so nothing takes care to run in constant time.
"""

from seesaw.crypto import joint
from seesaw.crypto.sha512 import Sha512

P = pow(2, 255) - 19
L = pow(2, 252) + 27742317777372353535851937790883648493


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def _decode(encoded: bytes):
    """The point of 32 bytes as (x, y, 1, x * y), or None. RFC 8032, section 5.1.3."""
    y = _number(encoded)
    sign = y >> 255
    y -= sign << 255
    if y >= P:
        return None
    u = y * y - 1
    v = D * y * y + 1
    v2 = v * v % P
    x = u * v * v2 % P
    x = x * pow(x * v2 * v2 % P, (P - 5) // 8, P) % P
    error = (v * x * x - u) % P
    if error:
        if (error + 2 * u) % P:
            return None
        x = x * ROOT_OF_MINUS_1 % P
    if x & 1 != sign:
        if not x:
            return None
        x = P - x
    return x, y, 1, x * y % P


BASE = _decode(b"\x58" + b"\x66" * 31)


def _doubled(point: tuple, for_sum) -> tuple:
    """Twice the point. The T is made only for_sum: nothing else needs it."""
    p = P
    x, y, z, _ = point
    e = x * y % p
    e += e
    x = x * x % p
    y = y * y % p
    z = z * z % p
    g = y - x
    h = y + x
    f = z - (g - z)
    return e * f % p, g * h % p, f * g % p, e * h % p if for_sum else 0


def _summand(point: tuple) -> tuple:
    """What a sum needs of its second point: (Y - X, Y + X, 2 Z, 2 d T)."""
    x, y, z, t = point
    return y - x, y + x, 2 * z, 2 * D * t % P


def _negated(summand: tuple) -> tuple:
    minus, plus, z2, t2d = summand
    return plus, minus, z2, -t2d


def _sum(point: tuple, summand: tuple, for_sum=False) -> tuple:
    p = P
    x, y, z, t = point
    minus, plus, z2, t2d = summand
    a = (y - x) * minus % p
    b = (y + x) * plus % p
    c = t * t2d % p
    d = z * z2 % p
    e = b - a
    f = d - c
    g = d + c
    h = b + a
    return e * f % p, g * h % p, f * g % p, e * h % p if for_sum else 0


def _challenge(public: bytes, signature: bytes, feed, pause) -> int:
    """The k of RFC 8032, section 5.1.7 step 2."""
    digest = Sha512(pause)
    digest.update(signature[:32])
    digest.update(public)
    feed(digest.update)
    return _number(digest.digest()) % L


def verify(public: bytes, signature: bytes, feed, pause=None) -> bool:
    """Did the owner of `public` (32 bytes) sign this message with `signature` (64 bytes)?

    feed(update) calls update(bytes) with the message piece by piece, in order. pause() is called
    many times on the way. False also for what is no key and no signature; never raises of itself.
    """
    if len(public) != 32 or len(signature) != 64:
        return False
    s = _number(signature[32:])
    if s >= L:
        return False
    point = _decode(public)
    if not point:
        return False
    if not _doubled(_doubled(_doubled(point, None), None), None)[0]:
        return False
    k = _challenge(public, signature, feed, pause)
    x, y, _, t = point
    minus = _summand((P - x, y, 1, P - t))
    base = _summand(BASE)
    difference = _summand(_sum(BASE, _negated(minus), True))
    points = [minus, difference, base, _summand(_sum(BASE, minus, True))]
    curve = (_doubled, _sum, _negated)
    x, y, z, _ = joint.combined(s, k, points, curve, (0, 1, 1, 0), pause)
    z = pow(z, P - 2, P)
    x = x * z % P
    y = y * z % P
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
