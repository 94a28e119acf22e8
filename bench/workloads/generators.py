# SPDX-License-Identifier: Apache-2.0
"""A chain of generators and a recursive one over a tree."""
EXPECTED = (4999950000, 2047)


def count(n):
    for i in range(n):
        yield i


def keep(values):
    for value in values:
        yield value


def walk(depth):
    if depth:
        yield from walk(depth - 1)
        yield depth
        yield from walk(depth - 1)


def run():
    return sum(keep(keep(count(100000)))), sum(1 for _ in walk(11))
