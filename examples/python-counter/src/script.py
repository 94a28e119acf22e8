# SPDX-License-Identifier: Apache-2.0
"""Counts how often this interpreter was called: globals stay between documents.

With --threads 1 the numbers are 1, 2, 3, ...; with more threads each worker counts for itself, and
with --state fresh every document is the first one.
"""
import wadup

try:
    call_count += 1
except NameError:
    call_count = 1


def main():
    wadup.define_table("call_counter", [("call_number", "Int64"), ("filename", "String")])
    wadup.insert_row("call_counter", [call_count, wadup.document()["filename"]])


if __name__ == "__main__":
    main()
