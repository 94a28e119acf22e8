# SPDX-License-Identifier: Apache-2.0
"""Values of every kind. run.py imports it, too, and compares what the host got with them.

Without wadup it is only a list: floats() are bit patterns, because a NaN does not equal itself.
"""
import struct


def numbers(seed):
    """Random numbers of 64 bits that are the same everywhere (Knuth's MMIX generator)."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        yield seed ^ seed >> 29


def bits_of(value):
    return struct.unpack("<Q", struct.pack("<d", value))[0]


def floats():
    special = [0, 1, 2, 0xFFFFFFFFFFFFF, 1 << 52, (1 << 52) + 1, 0x7FEFFFFFFFFFFFFF, 0x7FF << 52,
               0x7FF8000000000000, 0x7FF8000000000001, 0x7FF0000000000001, 0x7FFFFFFFFFFFFFFF,
               0x3FF0000000000000, 0x3FF0000000000001, 0x3FEFFFFFFFFFFFFF, 0x4340000000000000,
               0x433FFFFFFFFFFFFF, 0x4340000000000001]
    for bits in special:
        yield bits
        yield bits | 1 << 63
    for exponent in range(-323, 309):
        bits = bits_of(float("1e%d" % exponent))
        yield from range(max(bits - 2, 0), bits + 3)
    for exponent in range(0, 0x7FF):
        yield exponent << 52
        yield exponent << 52 | (1 << 52) - 1
    for i in range(3000):
        yield bits_of(i / 1000)
        yield bits_of(-i / 8)
        yield bits_of(i / 1e9)
        yield bits_of(i * 1.1)
        yield bits_of(123456789012 + i / 1000)
        yield bits_of(9007199254740992.0 / 1000 + i / 100)
        yield bits_of(9007199254740992.0 / 1e9 + i / 1e7)
    random = numbers(1)
    for _ in range(10000):
        yield next(random)


def ints():
    for power in range(64):
        for value in (1 << power, (1 << power) - 1, -(1 << power), -(1 << power) - 1, 10 ** (power // 4)):
            if -(1 << 63) <= value < 1 << 63:
                yield value
    random = numbers(2)
    for _ in range(2000):
        yield (next(random) >> 1 + next(random) % 63) - (1 << 62)


def texts():
    yield ""
    for code in [*range(0x300), 0x7FF, 0x800, 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFEFF, 0xFFFE, 0xFFFF, 0x10000,
                 0x1F600, 0x10FFFF]:
        yield chr(code)
        yield "text " + chr(code) + " text"
    # Eight at a time are looked at: each special one at each place.
    for special in "\0\x07\x1f\x20!\"#[\\]\x7f~":
        for at in range(9):
            yield "a" * at + special + "b" * (16 - at)
    for size in (4095, 4096, 4097, 8191, 8192, 8193):
        yield "x" * size
        yield "\0" * size
        yield "x" * (size - 1) + "\""
        yield "\xe9" * size
        yield "\u20ac" * size
        yield "\U0001f600" * size
    random = numbers(3)
    for limit in (0x80, 0x100, 0x800, 0x10000, 0x110000):
        for _ in range(200):
            codes = [next(random) % limit for _ in range(next(random) % 40)]
            yield "".join(chr(c) for c in codes if not 0xD800 <= c < 0xE000)
    yield '{"String":"\\u0041"}'
    yield "10 MB " * ((10 << 20) // 6)
    yield "\0\x01" * (1 << 19)
    yield "\U0001f600" * (1 << 20)


def blobs():
    random = numbers(4)
    for size in range(70):
        yield bytes(next(random) & 255 for _ in range(size))
    yield bytes(range(256)) * 16
    yield bytes(3 << 20)


def rows():
    """(columns, rows) of each table."""
    yield "i", [("value", "Int64")], ([v] for v in ints())
    yield "f", [("value", "Float64")], ([v] for v in floats())
    yield "s", [("value", "String")], ([v] for v in texts())
    yield "b", [("value", "Bytes")], ([v] for v in blobs())
    mixed = [("a", "Int64"), ("\"b\\\n\x01", "Float64"), ("\u20acol", "String"),
             ("d", "Boolean"), ("e", "Bytes")]
    yield "mixed", mixed, [
        [1, bits_of(0.5), "x", True, b"y"], [None] * 5, [0, 0, "", False, b""], [-1, 0x7FF << 52, "\0", None, b"\0"]]
    yield "\u540d\u524d 'quoted\"", [], [[], []]


def as_value(column, value):
    return struct.unpack("<d", struct.pack("<Q", value))[0] if column[1] == "Float64" and value is not None else value


def main():
    import wadup
    for table, columns, values in rows():
        wadup.define_table(table, columns)
        for row in values:
            wadup.insert_row(table, [as_value(c, v) for c, v in zip(columns, row)])
    wadup.flush()


if __name__ == "__main__":
    main()
