# SPDX-License-Identifier: Apache-2.0
"""The host refuses everything: codes.py TEXT, the reason that is told."""
import sys

import wadup

reason = sys.argv[1]


def refused(text, function, *args):
    try:
        function(*args)
    except RuntimeError as error:
        assert str(error) == "%s: %s" % (text, reason), str(error)
    else:
        raise AssertionError("nothing was raised")


refused("Failed to define table 'refused'", wadup.define_table, "refused", [("a", "Int64")])
# What the host does not know is not known here either.
try:
    wadup.insert_row("refused", [1])
except RuntimeError as error:
    assert str(error) == "Failed to insert row into table 'refused': there is no such table", str(error)
refused("Failed to emit sub-content 'x'", wadup.emit_bytes, b"abc", "x")
refused("Failed to emit sub-content 'x'", wadup.emit_slice, 0, 1, "x")
