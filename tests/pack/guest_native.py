# SPDX-License-Identifier: Apache-2.0
"""Runs guest_native.c's program with the images that it needs: guest_native.py PROGRAM"""
import os
import subprocess
import sys
import tempfile

import packimage as p

hard = p.File(b"hard")
IMAGES = {
    "PACK_SMALL": p.image({"a/b": p.File(b"text text text text text", codec=p.LZMA, together=True),
                           "a/c": p.File(b"more more more more", codec=p.LZMA, together=True),
                           "file": p.File(b"some text that comes again " * 9), "hard": hard, "link": p.Link("a/../a/b"),
                           "sub/d": hard, "stored": p.File(b"x")}, ["-m", "x"], ["A=b"], 5000, 12),
    "PACK_CACHE": p.image({"large": p.File(bytes(range(256)) * (16 << 12)),
                           **{"small%d" % i: p.File(b"small file number %d" % i * 3, codec=p.LZMA, together=True)
                              for i in range(50)}}),
    "PACK_MANY": p.image({"name%d" % i: p.File() for i in range(50000)}),
}

with tempfile.TemporaryDirectory(prefix="krait-pack.") as folder:
    environ = dict(os.environ)
    for name, data in IMAGES.items():
        environ[name] = os.path.join(folder, name)
        with open(environ[name], "wb") as f:
            f.write(data)
    sys.exit(subprocess.run([sys.argv[1], *sys.argv[2:]], env=environ).returncode)
