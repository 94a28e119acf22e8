# SPDX-License-Identifier: Apache-2.0
"""Seeds of fuzz_packed: packed_seeds.py FOLDER writes modules, images, archives and manifests, each behind
the byte that says what it is."""
import io
import os
import sys
import zipfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "pack"))
os.environ.setdefault("KRAIT", "krait")
import host_tool  # noqa: E402
import packimage as p  # noqa: E402


def archive(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in (("a.py", b"print(1)\n" * 5), ("d/", b""), ("d/b", b"b")):
            z.writestr(zipfile.ZipInfo(name, (2001, 2, 3, 4, 5, 6)), data, method)
    return out.getvalue()


def main():
    trees = [{}, {"a": p.File(b"x")}, {"d/e/f": p.File(b"y" * 300), "l": p.Link("d/e"), "z": None},
             {"big": p.File(bytes(range(256)) * 20), "small": p.File(b"s", together=True, codec=p.LZMA),
              "other": p.File(b"o" * 90, together=True, codec=p.LZMA)}]
    seeds = {"z-stored": b"z" + archive(zipfile.ZIP_STORED), "z-deflated": b"z" + archive(zipfile.ZIP_DEFLATED),
             "z-front": b"z#!/usr/bin/python3\n" + archive(zipfile.ZIP_STORED),
             "j-manifest": b'j{"format": 1, "image_sha256": "00", "argv": [], "components": [\n {"name": "a\\u00e9", '
                           b'"version": "1", "x": [1, {"y": null}]}, {"name": "b", "place": "/\\n"}]}',
             "m-empty": b"m" + host_tool.module()}
    for i, tree in enumerate(trees):
        image = p.image(tree, argv=["/app"] * i, env=["A=1"] * i, log2=12)
        seeds["i-%d" % i] = b"i" + image
        seeds["m-%d" % i] = b"m" + p.splice(host_tool.module(), image)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in seeds.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
