# SPDX-License-Identifier: Apache-2.0
"""Writes the zip of the standard library anew with sources: make-zip.py ZIP LIBRARY

The entries keep their names and order, but for .py in the place of .pyc; their contents are those
of the files below LIBRARY. The same input gives the same bytes.
"""
import os
import sys
import zipfile


def main(path, library):
    with zipfile.ZipFile(path) as z:
        names = [name[:-1] if name.endswith(".pyc") else name for name in z.namelist()]
    with zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name in names:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            with open(os.path.join(library, name), "rb") as f:
                z.writestr(info, f.read(), compresslevel=9)
    os.replace(path + ".new", path)


main(*sys.argv[1:])
