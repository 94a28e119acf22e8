# SPDX-License-Identifier: Apache-2.0
"""Modules of the standard library that have C inside, and some that do not."""
import csv
import dataclasses
import datetime
import decimal
import io
import json
import math
import re
import statistics
import struct
import tomllib
import unicodedata
import xml.etree.ElementTree as tree


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5


print(Point(1), json.dumps({"b": [1, 2.5, None, "ü"], "a": {}}, sort_keys=True))
print(decimal.Decimal(2).sqrt(), math.pi, 0.1 + 0.2, 2 ** 100, round(2.675, 2))
print(datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc).isoformat())
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"), struct.pack("<Ihd", 7, -2, 1.5).hex())
print(tree.fromstring("<a><b c='d'>e</b></a>").find("b").attrib, unicodedata.name("☃"))
print(list(csv.reader(io.StringIO('a,"b ""c""",d\n'))), tomllib.loads("[x]\ny = 1"))
print(statistics.fmean([1, 2, 4]), sorted("Krait"), hash(1.5), f"{1234567.891:,.2f}")
