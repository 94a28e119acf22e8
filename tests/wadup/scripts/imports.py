# SPDX-License-Identifier: Apache-2.0
"""The standard library is inside, parts in C too; isolation; what is known of the document."""
import os
import sys

import array, asyncio, binascii, bz2, cmath, csv, decimal, email.parser, hashlib, io, itertools  # noqa: E401
import json, lzma, math, sqlite3, struct, time, tomllib, unicodedata, xml.etree.ElementTree, zipfile, zlib  # noqa: E401

import wadup

assert zlib.decompress(zlib.compress(b"x" * 1000)) == b"x" * 1000
assert lzma.decompress(lzma.compress(b"x")) == bz2.decompress(bz2.compress(b"x")) == b"x"
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
assert str(decimal.Decimal(1) / 7).startswith("0.142857")
assert sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)
assert xml.etree.ElementTree.fromstring("<a b='c'/>").get("b") == "c"
assert os.urandom(16) != os.urandom(16) and os.urandom(16) != bytes(16)
began = time.monotonic()
time.sleep(0.01)
assert time.monotonic() > began
assert sys.flags.isolated == 1 and sys.flags.utf8_mode == 1 and "" not in sys.path
known = wadup.document()
expected = json.loads(sys.argv[1])
assert known == expected, known
