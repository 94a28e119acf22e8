# SPDX-License-Identifier: Apache-2.0
"""Makes MANIFEST.json and SHA256SUMS of a tree true again after a step changed files:
sums.py TREE [NAME=JSON...]

Each NAME=JSON sets an entry of the manifest. The list of artefacts keeps its meaning: what is
below bin/ and lib/, and zips. A tree without a manifest gets one with these entries alone.
"""
import json
import os
import sys

try:
    from _sha2 import sha256  # hashlib wants every algorithm there is
except ImportError:  # 3.11
    from _sha256 import sha256

OWN = ("MANIFEST.json", "SHA256SUMS", ".krait-key")


def sum_of(path):
    with open(path, "rb") as f:
        return sha256(f.read()).hexdigest()


def tree(top):
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), top)


def main(top, *entries):
    path = os.path.join(top, "MANIFEST.json")
    manifest = {"format": 1}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            manifest = json.load(f)
    for entry in entries:
        name, text = entry.split("=", 1)
        manifest[name] = json.loads(text)
    sums = {name: sum_of(os.path.join(top, name)) for name in tree(top) if name not in OWN}
    manifest["artefacts"] = {name: digest for name, digest in sums.items()
                             if name.startswith(("bin/", "lib/")) or name.endswith(".zip")}
    with open(path, "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2, sort_keys=True)
        f.write("\n")
    sums["MANIFEST.json"] = sum_of(path)
    with open(os.path.join(top, "SHA256SUMS"), "w", encoding="utf-8") as f:
        for name in sorted(sums):
            f.write("%s  %s\n" % (sums[name], name))


if __name__ == "__main__":
    main(*sys.argv[1:])
