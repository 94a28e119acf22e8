# SPDX-License-Identifier: Apache-2.0
"""re: searching, groups, substitution over a log."""
import re

EXPECTED = (2000, 2000, 2000)

LOG = "\n".join(f"2026-11-{i % 28 + 1:02d} 12:{i % 60:02d}:07 host{i % 7} app[{i}]: user=u{i % 50} took {i}ms"
                for i in range(2000))
LINE = re.compile(r"(\d{4})-(\d\d)-(\d\d) [\d:]+ (\w+) app\[(\d+)\]: user=(\w+)")
NUMBER = re.compile(r"user=(\w+) took (\d+)ms")


def run():
    found = LINE.findall(LOG)
    changed, count = NUMBER.subn(r"\2 \1", LOG)
    return len(found), count, changed.count("host")
