# SPDX-License-Identifier: Apache-2.0
"""Recursive calls with small integers."""
EXPECTED = 17711


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def run():
    return fib(22)
