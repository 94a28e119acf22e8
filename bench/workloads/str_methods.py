# SPDX-License-Identifier: Apache-2.0
"""Methods of str: split, join, replace, case, strip, find."""
EXPECTED = 60000

LINE = "  The quick brown fox jumps over the lazy dog; pack my box with five dozen jugs.  "


def run():
    total = 0
    for _ in range(4000):
        words = LINE.strip().split(" ")
        joined = "-".join(word.title() for word in words)
        total += joined.replace("o", "0").lower().count("0") + joined.find("Dog") // 10
        total += len(words) - 10
    return total
