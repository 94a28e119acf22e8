# SPDX-License-Identifier: Apache-2.0
"""hashlib.sha256 of small and large blocks (native Python uses the CPU's instructions)."""
import hashlib

EXPECTED = "ce6e"

BLOCK = bytes(range(256)) * 256


def run():
    outer = hashlib.sha256()
    for i in range(200):
        outer.update(hashlib.sha256(BLOCK[:i * 16]).digest())
    outer.update(BLOCK * 8)
    return outer.hexdigest()[:4]
