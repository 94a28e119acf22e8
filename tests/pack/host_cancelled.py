# SPDX-License-Identifier: Apache-2.0
"""host_cancelled.py PROGRAM: the program with the translation of a module that loops."""
import os
import subprocess
import sys
import tempfile

# (module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))
LOOP = (b"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\5\3\1\0\1\7\x13\2\6memory\2\0\6_start\0\0"
        b"\x0a\x09\1\7\0\3\x40\x0c\0\x0b\x0b")

with tempfile.TemporaryDirectory(prefix="krait-pack-test.") as folder:
    with open(folder + "/loop.wasm", "wb") as file:
        file.write(LOOP)
    subprocess.run([os.environ["KRAIT"], "compile", "-O", "0", folder + "/loop.wasm", "-o", folder + "/loop.krt"], check=True)
    done = subprocess.run([sys.argv[1]], env=dict(os.environ, KRAIT_TEST_LOOP=folder + "/loop.krt"))
sys.exit(done.returncode)
