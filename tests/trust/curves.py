"""The two curves once more, slowly, in affine coordinates: the firmware is compared with them."""

Point = tuple[int, int]


class Edwards:
    """edwards25519 (RFC 8032, section 5.1)."""

    P = 2**255 - 19
    L = 2**252 + 27742317777372353535851937790883648493
    D = -121665 * pow(121666, -1, P) % P

    def add(self, a: Point, b: Point) -> Point:
        product = self.D * a[0] * b[0] * a[1] * b[1]
        x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + product, -1, self.P)
        return x % self.P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, self.P) % self.P

    def multiply(self, scalar: int, point: Point) -> Point:
        total = (0, 1)
        while scalar:
            if scalar & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            scalar >>= 1
        return total

    def negate(self, point: Point) -> Point:
        return -point[0] % self.P, point[1]

    def encode(self, point: Point) -> bytes:
        return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")

    def base(self) -> Point:
        y = 4 * pow(5, -1, self.P) % self.P
        x = self.root((y * y - 1) * pow(self.D * y * y + 1, -1, self.P) % self.P)
        return (x if x % 2 == 0 else self.P - x), y

    def small_order(self) -> list[Point]:
        """The eight points of an order that divides 8, the neutral one first.

        They are the multiples of one of order 8, whose fourth part of the way, its double, has
        y = 0: so x^2 = -y^2 for itself, and D y^4 + 2 y^2 - 1 = 0.
        """
        half = self.root((1 + self.D) % self.P)
        squares = [(-1 + sign) * pow(self.D, -1, self.P) % self.P for sign in (half, -half)]
        (square,) = (square for square in squares if pow(square, self.P // 2, self.P) == 1)
        point = self.root(-square % self.P), self.root(square)
        return [self.multiply(times, point) for times in range(8)]

    def root(self, square: int) -> int:
        root = pow(square, (self.P + 3) // 8, self.P)
        if root * root % self.P != square:
            root = root * pow(2, self.P // 4, self.P) % self.P
        assert root * root % self.P == square
        return root


class Weierstrass:
    """P-256 (SP 800-186, section 3.2.1.3); None is the point at infinity."""

    P = 2**256 - 2**224 + 2**192 + 2**96 - 1
    N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    G = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )

    def add(self, a: Point | None, b: Point | None) -> Point | None:
        if a is None or b is None:
            return a or b
        if a[0] == b[0]:
            if a[1] != b[1]:
                return None
            slope = 3 * (a[0] ** 2 - 1) * pow(2 * a[1], -1, self.P)
        else:
            slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, self.P)
        x = (slope**2 - a[0] - b[0]) % self.P
        return x, (slope * (a[0] - x) - a[1]) % self.P

    def multiply(self, scalar: int, point: Point | None) -> Point | None:
        total = None
        while scalar:
            if scalar & 1:
                total = self.add(total, point)
            point = self.add(point, point)
            scalar >>= 1
        return total
