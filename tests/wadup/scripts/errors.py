# SPDX-License-Identifier: Apache-2.0
"""What wadup refuses, with the exact texts. Every line that is wrong is printed; then process() fails."""
import array
import enum
import sys

import wadup

wrong = 0


def refused(kind, text, function, *args, **names):
    global wrong
    try:
        function(*args, **names)
        found = "nothing"
    except Exception as error:  # every kind is compared
        found = "%s: %s" % (type(error).__name__, error)
    if found != "%s: %s" % (kind, text):
        wrong += 1
        print("found  %s\nwanted %s: %s" % (found, kind, text))


class Text(str):
    __slots__ = ()


class Number(enum.IntEnum):
    SEVEN = 7


define, insert = wadup.define_table, wadup.insert_row

# ---- define_table
refused("TypeError", "columns must be a list", define, "t", (("a", "Int64"),))
refused("TypeError", "columns must be a list", define, "t", None)
for bad in (["a", "Int64"], ("a",), ("a", "Int64", 1), "ab", None, 1):
    refused("TypeError", "each column must be a 2-tuple (name, type)", define, "t", [bad])
refused("TypeError", "name of a column must be str, not int", define, "t", [(1, "Int64")])
refused("TypeError", "type of a column must be str, not type", define, "t", [("a", int)])
refused("TypeError", "define_table() argument 'name' must be str, not bytes", define, b"t", [])
refused("TypeError", "define_table() missing argument 'columns'", define, "t")
refused("TypeError", "define_table() takes 2 arguments (3 given)", define, "t", [], 1)
refused("TypeError", "define_table() got multiple values for argument 'name'", define, "t", name="t")
refused("TypeError", "define_table() got an unexpected keyword argument 'table'", define, "t", table="t")
refused("ValueError", "column 'a' has the unknown type 'int64'; there are Int64, Float64, String, Boolean and "
        "Bytes", define, "t", [("a", "int64")])
fails = "Failed to define table "
refused("RuntimeError", fails + "'': bad name: it is empty", define, "", [])
refused("RuntimeError", fails + "'a\0b': bad name: it has a NUL inside", define, "a\0b", [])
refused("RuntimeError", fails + "'%s': bad name: it has more than 255 bytes" % ("\xe9" * 128), define, "\xe9" * 128, [])
for name in ("sqlite_x", "SQLite_master", "__wadup_content", "__WADUP_", "__krait_x"):
    word = name[:name.index("_", 2) + 1].lower()
    refused("RuntimeError", fails + "'%s': names that begin with '%s' are reserved" % (name, word), define, name, [])
for name, why in (("", "it is empty"), ("x\0", "it has a NUL inside"), ("n" * 256, "it has more than 255 bytes"),
                  ("Content_UUID", "every table has it already"), ("A", "it is there twice")):
    refused("RuntimeError", fails + "'t': bad name of column '%s': %s" % (name, why),
            define, "t", [("a", "Int64"), (name, "Int64")])
refused("RuntimeError", fails + "'t': it has more than 1999 columns", define, "t",
        [("c%d" % i, "Int64") for i in range(2000)])
refused("UnicodeEncodeError", "'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed",
        define, "\ud800", [])
refused("RuntimeError", "Failed to insert row into table 't': there is no such table", insert, "t", [])

define("t", [("a", "Int64"), ("b", "Float64"), ("c", "String"), ("d", "Boolean"), ("e", "Bytes")])
define(Text("t"), [(Text("a"), Text("Int64")), ("b", "Float64"), ("c", "String"), ("d", "Boolean"), ("e", "Bytes")])
clash = fails + "'t': Schema mismatch for table 't': "
refused("RuntimeError", clash + "different column count (5 vs 1)", define, "t", [("a", "Int64")])
five = [("a", "Int64"), ("b", "Float64"), ("c", "String"), ("d", "Boolean"), ("E", "Bytes")]
refused("RuntimeError", clash + "column name 'e' vs 'E'", define, "t", five)
five[0] = ("a", "Float64")
refused("RuntimeError", clash + "column 'a' type mismatch (Int64 vs Float64)", define, "t", five)

# ---- insert_row
refused("TypeError", "values must be a list", insert, "t", (1, 2.0, "", True, b""))
refused("TypeError", "values must be a list", insert, "t", values=iter([]))
refused("TypeError", "insert_row() argument 'table_name' must be str, not None".replace("None", "NoneType"),
        insert, None, [])
refused("ValueError", "table 't' has 5 columns, 1 value given", insert, "t", [1])
refused("ValueError", "table 't' has 5 columns, 6 values given", insert, "t", [None] * 6)
row = [None] * 5
for at, column, kind in ((0, "a", "Int64"), (1, "b", "Float64"), (2, "c", "String"), (3, "d", "Boolean"),
                         (4, "e", "Bytes")):
    for value in (1, 1.5, "x", True, b"x", bytearray(b"x"), memoryview(b"x"), array.array("i", [1])):
        fits = {"Int64": int, "Float64": (int, float), "String": str, "Boolean": bool,
                "Bytes": (bytes, bytearray, memoryview, array.array)}[kind]
        if isinstance(value, fits) and not (kind == "Float64" and value is True):
            insert("t", row[:at] + [value] + row[at + 1:])
        else:
            refused("TypeError", "column '%s' of table 't' is %s, not %s" % (
                column, kind, {"array": "array.array"}.get(type(value).__name__, type(value).__name__)),
                insert, "t", row[:at] + [value] + row[at + 1:])
    for value in ([], (1,), {}, object(), 1j, print, ..., sys, type, [[1]], {"a": [1]}):
        refused("TypeError", "value must be int, float, string, bool, bytes or None",
                insert, "t", row[:at] + [value] + row[at + 1:])
for value, shown in ((1 << 63, "9223372036854775808"), (-(1 << 63) - 1, "-9223372036854775809"),
                     (10 ** 60, "1" + "0" * 19 + "\u2026"), (-(10 ** 70), "-1" + "0" * 18 + "\u2026"),
                     (1 << 100000, "an int of 100001 bits")):
    refused("OverflowError", "column 'a': %s does not fit into 64 bits" % shown, insert, "t", [value] + row[1:])
refused("OverflowError", "column 'b': an int of 4001 bits does not fit into a Float64", insert, "t",
        [None, 1 << 4000] + row[2:])
insert("t", [Number.SEVEN, 1 << 1000, Text("x"), None, memoryview(b"abcdef")[::-2]])
for text, code, at in (("\ud800", "D800", 0), ("ab\udfff", "DFFF", 2), ("\U0001f600\udc00\ud800", "DC00", 1),
                       ("x" * 5000 + "\udbff", "DBFF", 5000)):
    refused("ValueError", "column 'c': lone surrogate U+%s at position %d" % (code, at), insert, "t",
            [None, None, text, None, None])


class Nested:
    """Calls insert_row() in the middle of insert_row(), and shortens its list."""

    def __init__(self, row, again):
        self.row, self.again = row, again

    def __buffer__(self, flags):
        if self.again:
            insert("t", [2, 2.5, "inner", False, Nested([], False)])
        self.row[:] = self.row[:5 if not self.row else 3]
        return memoryview(b"buffer")


outer = [1, 1.5, "outer", True, None]
nested = Nested([], True)
outer[4] = nested
insert("t", outer)
nested.row = outer
refused("ValueError", "table 't' has 5 columns, 3 values given", insert, "t", outer)


class Failing:
    def __buffer__(self, flags):
        raise OSError("no buffer")


refused("OSError", "no buffer", insert, "t", [None] * 4 + [Failing()])

# ---- sub-content
refused("TypeError", "data must be bytes-like, not str", wadup.emit_bytes, "text", "x")
refused("TypeError", "emit_bytes() argument 'filename' must be str, not int", wadup.emit_bytes, b"", 1)
refused("TypeError", "offset must be int, not float", wadup.emit_slice, 1.0, 1, "x")
refused("ValueError", "offset must not be negative", wadup.emit_slice, -1, 1, "x")
refused("ValueError", "length must not be negative", wadup.emit_slice, 0, -(1 << 80), "x")
outside = "Failed to emit sub-content 'x': the slice is not inside of the document"
refused("RuntimeError", outside, wadup.emit_slice, 1 << 32, 0, "x")
refused("RuntimeError", outside, wadup.emit_slice, 0, 1 << 80, "x")
refused("RuntimeError", "Failed to emit sub-content 'a\0b': bad filename: it has a NUL inside",
        wadup.emit_bytes, b"", "a\0b")
refused("RuntimeError", "Failed to emit sub-content '%s': bad filename: it has more than 4096 bytes" % ("n" * 300),
        wadup.emit_bytes, b"", "n" * 4097)
refused("TypeError", "wadup.flush() takes no arguments (1 given)", wadup.flush, 1)
wadup.emit_bytes(bytearray(b"abc"), filename="")
wadup.emit_bytes(data=memoryview(b"abcdef")[::2], filename="../\u20ac/x")
wadup.emit_slice(0, 0xFFFFFFFF, filename="y")
if wrong:
    raise SystemExit("%d are wrong" % wrong)
