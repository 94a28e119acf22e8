# SPDX-License-Identifier: Apache-2.0
"""Sorting integers and strings, with and without a key."""
EXPECTED = (0, 49999)


def numbers(count):
    state, result = 12345, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        result.append(state)
    return result


VALUES = numbers(50000)
TEXTS = [str(value) for value in VALUES[:20000]]


def run():
    ordered = sorted(VALUES)
    sorted(TEXTS)
    sorted(VALUES, key=lambda value: value % 1000)
    ranks = sorted(range(len(VALUES)), key=VALUES.__getitem__)
    return ordered.index(min(VALUES)), len(ranks) - 1
