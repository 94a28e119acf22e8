# SPDX-License-Identifier: Apache-2.0
"""json.dumps and json.loads of a nested document."""
import json

EXPECTED = 300

DOCUMENT = [{"id": i, "name": f"item {i}", "price": i * 1.25, "tags": ["a", "b", str(i)],
             "nested": {"ok": True, "none": None, "list": list(range(10))}} for i in range(300)]


def run():
    text = json.dumps(DOCUMENT)
    return len(json.loads(text))
