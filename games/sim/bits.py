"""Numbers and texts as bits, most significant first.

Rules of this file: reading never goes beyond the bytes, and never reserves memory for more than
``ITEMS_MAX`` things besides those that the bytes have room for, whatever a count promises.
"""

ITEMS_MAX = 1 << 16
"""Things of a value that take no bits at all: a view says that many of them at the very most."""

_SETTLED_BITS = 1024
"""Beyond this many, bits are moved out of the number that gathers them: shifting it is linear."""

_COUNT_BITS_MAX = 33


class LayoutError(ValueError):
    """Bytes that are no value of their kind, or no change of the value at hand."""


Bits = tuple[int, int]
"""Bits as one number, most significant first, and how many they are."""


class BitWriter:
    """Gathers bits.

    Attributes:
        canonical: Whether what may be written in several ways is to be written in one way only.
    """

    __slots__ = ("_bits", "_done", "_tail", "canonical")

    def __init__(self, canonical: bool = False) -> None:
        self.canonical = canonical
        self._done: list[bytes] = []
        self._tail = 0  # what is not in whole bytes yet, and more
        self._bits = 0

    def put(self, value: int, width: int) -> None:
        """The lowest ``width`` bits of a number that has no others."""
        self._tail = self._tail << width | value
        self._bits += width
        if self._bits > _SETTLED_BITS:
            self._settle()

    def count(self, number: int) -> None:
        """How many follow: three bits at a time, lowest first, each behind "there are more"."""
        tail, bits = self._tail, self._bits
        while number > 7:
            tail = tail << 4 | 8 | number & 7
            number >>= 3
            bits += 4
        self._tail, self._bits = tail << 4 | number, bits + 4

    def data(self, data: bytes) -> None:
        """Bytes, behind their count."""
        self.count(len(data))
        self.put(int.from_bytes(data, "big"), 8 * len(data))

    def take(self) -> bytes:
        """All that was put in, filled up to whole bytes with zeros."""
        return b"".join((*self._done, in_bytes(self._tail, self._bits)))

    def all(self) -> Bits:
        """All that was put in."""
        done = b"".join(self._done)
        return int.from_bytes(done, "big") << self._bits | self._tail, 8 * len(done) + self._bits

    def _settle(self) -> None:
        left = self._bits & 7
        self._done.append((self._tail >> left).to_bytes(self._bits >> 3, "big"))
        self._tail &= (1 << left) - 1
        self._bits = left


def in_bytes(number: int, width: int) -> bytes:
    """Bits, filled up to whole bytes with zeros."""
    fill = -width % 8
    return (number << fill).to_bytes((width + fill) // 8, "big")


def count_of(number: int) -> Bits:
    """What ``BitWriter.count`` writes."""
    if number < 8:
        return number, 4
    bits = BitWriter()
    bits.count(number)
    return bits.all()


class BitReader:
    """Takes bits from bytes, in order; ``LayoutError`` where there are none left."""

    __slots__ = ("_at", "_data", "_end", "_items")

    def __init__(self, data: bytes) -> None:
        self._data = bytes(data)
        self._end = 8 * len(data)
        self._at = 0
        self._items = self._end + ITEMS_MAX

    def take(self, width: int) -> int:
        """The number in the next ``width`` bits."""
        start = self._at
        self._at = stop = start + width
        if stop > self._end:
            raise LayoutError("cut off")
        chunk = int.from_bytes(self._data[start >> 3 : (stop + 7) >> 3], "big")
        return chunk >> (-stop & 7) & ((1 << width) - 1)

    def count(self, most: int) -> int:
        """How many follow, at the most ``most``."""
        number = shift = 0
        while True:
            group = self.take(4)
            number |= (group & 7) << shift
            if group < 8:
                break
            shift += 3
            if shift >= _COUNT_BITS_MAX:
                raise LayoutError("a count without end")
        if number > most:
            raise LayoutError(f"{number} where at most {most} may be")
        self._items -= number
        if self._items < 0:
            raise LayoutError("more things than there can be")
        return number

    def data(self, most: int | None = None) -> bytes:
        """Bytes, behind their count."""
        left = (self._end - self._at) // 8
        length = self.count(left if most is None else min(most, left))
        return self.take(8 * length).to_bytes(length, "big")

    def block(self, bits: int) -> tuple[bytes, int]:
        """The bytes in which the next ``bits`` stand, and how many bits of them come before."""
        start = self._at
        self._at = stop = start + bits
        if stop > self._end:
            raise LayoutError("cut off")
        return self._data[start >> 3 : (stop + 7) >> 3], start & 7

    def finish(self) -> None:
        """All is read: nothing may be left but the zeros of the last byte."""
        left = self._end - self._at
        if left > 7 or self.take(left):
            raise LayoutError("more than there should be")
