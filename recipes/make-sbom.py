# SPDX-License-Identifier: Apache-2.0
"""Writes TREE/sbom.cdx.json, CycloneDX 1.5: make-sbom.py TREE VERSION FLAVOUR

The parts are the sources of the manifest with their versions and checksums. No time and no
serial number is in it, so that the same tree gives the same file. The licences are those that the
projects state; their texts are in share/doc.
"""
import json
import os
import sys

LICENCES = {
    "python": "PSF-2.0", "wasi-libc": "Apache-2.0 WITH LLVM-exception AND Apache-2.0 AND MIT AND BSD-2-Clause",
    "zlib": "Zlib", "bzip2": "bzip2-1.0.6", "xz": "0BSD", "sqlite": "blessing", "expat": "MIT",
    "mpdecimal": "BSD-2-Clause",
}
# Programs that were used, of which nothing is inside.
TOOLS = ("binaryen-amd64", "binaryen-arm64")


def licence(name):
    text = LICENCES[name]
    return {"expression": text} if " " in text else {"license": {"id": text}}


def component(name, source):
    purl = "pkg:generic/%s@%s" % ("cpython" if name == "python" else name, source["version"])
    return {
        "type": "application" if name == "python" else "library",
        "bom-ref": purl, "purl": purl,
        "name": "cpython" if name == "python" else name,
        "version": source["version"],
        "hashes": [{"alg": "SHA-256", "content": source["sha256"]}],
        "licenses": [licence(name)],
    }


def main(tree, version, flavour):
    manifest = {}
    path = os.path.join(tree, "MANIFEST.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            manifest = json.load(f)
    sources = manifest.get("sources", {})
    parts = [component(name, sources[name]) for name in sorted(sources) if name not in TOOLS]
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {
            "type": "application", "name": "krait-python-" + flavour, "version": version,
            "bom-ref": "krait-python", "licenses": [{"license": {"id": "PSF-2.0"}}],
            "hashes": [{"alg": "SHA-256", "content": manifest["artefacts"]["bin/python.wasm"]}]
            if "bin/python.wasm" in manifest.get("artefacts", {}) else [],
        }},
        "components": parts,
        "dependencies": [{"ref": "krait-python", "dependsOn": [p["bom-ref"] for p in parts]}],
    }
    with open(os.path.join(tree, "sbom.cdx.json"), "w", encoding="utf-8") as f:
        json.dump(bom, f, indent=2)
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
