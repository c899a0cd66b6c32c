"""ECDSA signatures on the curve P-256 with SHA-256, checked.

Source: FIPS 186-5, section 6.4.2; the curve: SP 800-186, section 3.2.1.3. Points are (x, y), or in
Jacobian coordinates (X, Y, Z) with x = X/Z^2, y = Y/Z^3, and Z = 0 for the point at infinity.
Nothing here is secret, so nothing takes care to run in constant time.
"""

from seesaw.crypto import BadKey, der, joint

PUBLIC_SIZE = 64  # bytes: x and y

P = pow(2, 256) - pow(2, 224) + pow(2, 192) + pow(2, 96) - 1
N = P - 0x4319055358E8617B0C46353D039CDAAE
X = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
Y = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5


def _b(x: int, y: int) -> int:
    """The b of the one curve y^2 = x^3 - 3 x + b that this point is on."""
    return (y * y - (x * x - 3) * x) % P


def point(public: bytes):
    """(x, y) of 64 bytes, or None when that is no point of the curve (SP 800-56A, 5.6.2.3.4)."""
    x = int.from_bytes(public[:32], "big")
    y = int.from_bytes(public[32:], "big")
    good = len(public) == PUBLIC_SIZE and x < P and y < P and _b(x, y) == _b(X, Y)
    return (x, y) if good else None


def verify(public: bytes, signature: bytes, digest: bytes, pause=None) -> bool:
    """Did the owner of `public` (x and y, 64 bytes, big-endian) sign this message?

    signature: DER of r and s. digest: SHA-256 of the message, 32 bytes. pause() is called many
    times on the way. False also for what is no key and no signature; never raises of itself.
    """
    key = point(public)
    if not key:
        return False
    try:
        r, s = der.two_integers(signature)
    except BadKey:
        return False
    if r >= N or s >= N:
        return False
    inverse = pow(s, N - 2, N)
    u = int.from_bytes(digest, "big") * inverse % N
    x, _, z = _combined(u, r * inverse % N, key, pause)
    z = z * z % P
    if not z:
        return False
    # The x of the sum is below P, and r is what it is modulo N: so it is r, or N more.
    return not (r * z - x) % P or (r < P - N and not ((r + N) * z - x) % P)


def _combined(u: int, v: int, key: tuple, pause) -> tuple:
    """u * G + v * key."""
    x, y = key
    if x == X:  # the key is G or its opposite; there is no line through the two
        u = (u + v if y == Y else u - v) % N
        v = 0
    inverse = pow(X - x, P - 2, P)
    points = [key, _line(key, Y + y, inverse), (X, Y), _line(key, Y - y, inverse)]
    return joint.combined(u, v, points, (_doubled, _sum, _negated), (1, 1, 0), pause)


def _line(key: tuple, rise: int, inverse: int) -> tuple:
    """G + key, for rise = Y - y; G - key, for rise = Y + y. inverse: of X - x."""
    slope = rise * inverse % P
    x = (slope * slope - X - key[0]) % P
    return x, (slope * (X - x) - Y) % P


def _negated(point: tuple) -> tuple:
    return point[0], P - point[1]


def _doubled(point: tuple, _) -> tuple:
    p = P
    x, y, z = point
    zz = z * z % p
    yy = y * y % p
    xyy4 = 4 * x * yy % p
    slope = 3 * (x - zz) * (x + zz) % p
    x = (slope * slope - 2 * xyy4) % p
    z = 2 * y * z % p
    return x, (slope * (xyy4 - x) - 8 * yy * yy) % p, z


def _sum(point: tuple, other: tuple) -> tuple:
    """A point in Jacobian coordinates and an (x, y)."""
    p = P
    x, y, z = point
    if not z:
        return other[0], other[1], 1
    zz = z * z % p
    width = (other[0] * zz - x) % p
    rise = (zz * z % p * other[1] - y) % p
    if not width:
        return (1, 1, 0) if rise else _doubled(point, None)
    ww = width * width % p
    www = ww * width % p
    xww = x * ww % p
    x = (rise * rise - www - 2 * xww) % p
    return x, (rise * (xww - x) - y * www) % p, z * width % p
