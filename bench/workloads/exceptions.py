# SPDX-License-Identifier: Apache-2.0
"""Raising and catching through three frames."""
EXPECTED = 10000


def inner(value):
    if value % 2:
        raise ValueError(value)
    return value


def middle(value):
    try:
        return inner(value)
    finally:
        value = None


def run():
    caught = 0
    for i in range(20000):
        try:
            middle(i)
        except (KeyError, ValueError):
            caught += 1
    return caught
