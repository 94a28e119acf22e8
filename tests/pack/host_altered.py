# SPDX-License-Identifier: Apache-2.0
"""Runs host_altered.c's program with the module that it alters: host_altered.py PROGRAM"""
import os
import subprocess
import sys
import tempfile

import host_tool as t
import packimage as p

hard = p.File(b"hard")
image = p.image({"a/b": p.File(b"text text text", codec=p.LZMA, together=True),
                 "a/c": p.File(b"more more more", codec=p.LZMA, together=True), "file": p.File(b"text that comes again " * 9),
                 "hard": hard, "link": p.Link("a/../a/b"), "sub/d": hard, "large": p.File(b"0123456789" * 1000)},
                ["-m", "x"], ["A=b"], 5000, 12)

with tempfile.TemporaryDirectory(prefix="krait-pack.") as folder:
    module = p.splice(t.module(), image)
    environ = dict(os.environ, PACK_MODULE=os.path.join(folder, "module.wasm"), PACK_WORK=folder)
    t.write(environ["PACK_MODULE"], module)
    sys.exit(subprocess.run(sys.argv[1:], env=environ).returncode)
