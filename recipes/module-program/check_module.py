# SPDX-License-Identifier: Apache-2.0
"""Checks the program of modules: check_module.py CPYTHON [--stack BYTES] FILE IMPORTS

As check_wasm.py in the folder CPYTHON, but FILE is a reactor: it exports _initialize, process,
memory and krait_pack_slot, and nothing else.
"""
import os
import sys

folder = sys.argv.pop(1)
# The checkout is not ours to write to.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.abspath(folder))
import check_wasm  # noqa: E402

check_wasm.EXPORTS = ["_initialize", "memory", "process"]

if __name__ == "__main__":
    sys.exit(check_wasm.main(sys.argv))
