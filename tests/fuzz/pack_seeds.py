#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inputs for fuzz_pack: pack_seeds.py FOLDER. Small images of every kind, with changes in front."""
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "pack"))
import packimage as p  # noqa: E402

text = b"some text that comes again, some text that comes again. " * 4
hard = p.File(b"hard")
trees = [
    {},
    {"a": p.File(b"x", codec=p.STORED)},
    {"a/b": p.File(text), "a/c": p.File(text, codec=p.LZMA), "file": p.File(b""), "link": p.Link("a/b")},
    {"a/b": hard, "c": hard, "sub/d/e": None, "link": p.Link("/a/../a"), "b": p.Link("b")},
    {"file": p.File(bytes(range(256)) * 40), "sub/x": p.File(text, codec=p.LZMA, together=True),
     "sub/y": p.File(text[:50], codec=p.LZMA, together=True), "a/b/c/d": p.File(b"deep")},
    {"%02d" % i: p.File(b"") for i in range(20)},
]
changes = [b"", bytes([0, 6, 0, 0, 4, 6, 0, 9, 3, 6, 7, 0, 2, 3, 0, 0]),
           bytes([0, 2, 0, 1, 3, 2, 6, 0, 6, 3, 2, 0, 1, 0, 0, 0, 5, 3, 0, 3, 7, 3, 0, 1, 4, 3, 0, 200])]
for tree in trees:
    for limit, change in ((0, changes[0]), (3000, changes[1]), (20000, changes[2])):
        image = p.image(tree, ["-m", "x"], ["A=b"], memory_limit=limit, log2=12)
        data = bytes([len(change)]) + change + image
        with open(os.path.join(sys.argv[1], hashlib.sha256(data).hexdigest()[:16]), "wb") as f:
            f.write(data)
