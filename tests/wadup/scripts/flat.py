# SPDX-License-Identifier: Apache-2.0
"""Many calls, each with a failure and garbage, half of them not caught: memory may not grow."""
import gc
import json
import sys

import wadup

try:
    count += 1
except NameError:
    count = 1

wadup.define_table("t", [("n", "Int64"), ("text", "String"), ("data", "Bytes")])
text = "\u20ac" * 20000
wadup.insert_row("t", [count, text, text.encode()])
try:
    wadup.insert_row("t", [count, text + "\ud800", None])
except ValueError:
    pass
wadup.emit_bytes(bytearray(10000), "x")
cycle = [json.loads(json.dumps([text]))]
cycle.append(cycle)
if count % 20 == 0:
    gc.collect()    # by itself it comes after some thousands of objects, however large
if count % 4 == 1:
    raise ValueError("this one fails")
if count % 4 == 2:
    sys.exit("and this one")
