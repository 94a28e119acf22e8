# SPDX-License-Identifier: Apache-2.0
"""The host refuses rows, with the reason in the arguments, and nothing is broken by that."""
import sys

import wadup

wadup.define_table("t", [("a", "Int64")])
for _ in range(2):
    try:
        wadup.insert_row("t", [1])
    except RuntimeError as error:
        assert str(error) == "Failed to insert row into table 't': " + sys.argv[1], str(error)
    else:
        raise AssertionError("nothing was raised")
