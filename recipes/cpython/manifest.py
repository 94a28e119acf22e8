# SPDX-License-Identifier: Apache-2.0
"""Writes MANIFEST.json and SHA256SUMS of a finished tree:
manifest.py OUT CONFIGURE-ARGS LINK-FLAGS CFLAGS FLAVOUR PREFIX

Everything that the tree was made of: sources, recipes with their keys, flags, tools. No
path of the machine and no time of the build is in it.
"""
import json
import os
import sys

try:
    from _sha2 import sha256  # hashlib wants every algorithm there is
except ImportError:  # 3.11
    from _sha256 import sha256


def sum_of(path):
    with open(path, "rb") as f:
        return sha256(f.read()).hexdigest()


def tree(out):
    for folder, folders, files in os.walk(out):
        folders.sort()
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), out)


def key_texts(run, name, seen):
    """The text behind a recipe's key, and those of the recipes that it needs."""
    if name in seen:
        return
    with open(os.path.join(run, "keytext." + name), encoding="utf-8") as f:
        lines = [line.split(" ", 1) for line in f.read().splitlines()]
    with open(os.path.join(run, "key." + name), encoding="utf-8") as f:
        entry = {"key": f.read().strip(), "files": {}, "compilers": [], "needs": []}
    seen[name] = entry
    for word, rest in lines:
        if word == "file":
            path, digest = rest.rsplit(" ", 1)
            entry["files"][path] = digest
        elif word == "compiler":
            entry["compilers"].append(rest)
        elif word == "needs":
            entry["needs"].append(rest.split()[0])
            key_texts(run, rest.split()[0], seen)


def sources(folders):
    """The archives that were really used, from the SOURCES of each result."""
    found = {}
    for folder in folders:
        with open(os.path.join(folder, "SOURCES"), encoding="utf-8") as f:
            for line in f:
                name, version, digest, file = line.split()
                found[name] = {"version": version, "sha256": digest, "file": file}
    return found


def main(out, configure_args, link_flags, cflags, flavour, prefix):
    env = os.environ
    recipes = {}
    used = sources([out] + [env[name] for name in env if name.startswith("DEP_")])
    os.remove(os.path.join(out, "SOURCES"))
    key_texts(env["KRAIT_RUN"], env["NAME"], recipes)
    with open(configure_args, encoding="utf-8") as f:
        configure = f.read().strip()
    manifest = {
        "format": 1,
        "name": "python",
        "version": env["VERSION_PYTHON"],
        "flavour": flavour,
        "prefix": prefix,
        "debug": bool(env.get("KRAIT_PYTHON_DEBUG")),
        "wasm_opt": None,  # recipes/python-opt
        "target": env["TARGET"],
        "key": recipes[env["NAME"]]["key"],
        "source_date_epoch": int(env["SOURCE_DATE_EPOCH"]),
        "sources": used,
        "cflags": cflags,
        "link_flags": link_flags,
        "configure": configure,
        "tools": {"cc": env["CC_ID"], "build_cc": env["BUILD_CC_ID"]},
        "recipes": recipes,
    }
    sums = {path: sum_of(os.path.join(out, path)) for path in tree(out)}
    manifest["artefacts"] = {path: digest for path, digest in sums.items()
                             if path.startswith(("bin/", "lib/")) or path.endswith(".zip")}
    path = os.path.join(out, "MANIFEST.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=2, sort_keys=True)
        f.write("\n")
    sums["MANIFEST.json"] = sum_of(path)
    with open(os.path.join(out, "SHA256SUMS"), "w", encoding="utf-8") as f:
        for name in sorted(sums):
            f.write("%s  %s\n" % (sums[name], name))


if __name__ == "__main__":
    main(*sys.argv[1:])
