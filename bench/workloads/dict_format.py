# SPDX-License-Identifier: Apache-2.0
"""Dictionaries with string keys and formatted strings."""
EXPECTED = 10000


def run():
    table = {}
    for i in range(30000):
        key = f"key-{i % 10000:05d}"
        table[key] = table.get(key, 0) + i
    text = "".join(f"{key}={value:x};" for key, value in table.items())
    return text.count(";")
