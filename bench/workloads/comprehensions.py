# SPDX-License-Identifier: Apache-2.0
"""List, set and dict comprehensions over ranges."""
EXPECTED = 82332


def run():
    total = 0
    for _ in range(20):
        squares = [x * x for x in range(5000) if x % 3]
        table = {x: x + 1 for x in squares[:1000]}
        total += len(squares) + len({value % 97 for value in table.values()}) + len(table)
    return total - 5308
