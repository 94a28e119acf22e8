# SPDX-License-Identifier: Apache-2.0
"""Small lists: most flips over all permutations of seven numbers."""
from itertools import permutations

EXPECTED = 16


def flips(order):
    order = list(order)
    count = 0
    first = order[0]
    while first != 1:
        order[:first] = order[first - 1::-1]
        count += 1
        first = order[0]
    return count


def run():
    return max(flips(order) for order in permutations(range(1, 8)))
