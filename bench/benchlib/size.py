# SPDX-License-Identifier: Apache-2.0
"""bench/run size: what a portable Python takes, alone, packed, and shaken; as it is and gzipped."""
import gzip
import json
import os
import resource
import subprocess
import tempfile

from benchlib import runners

# What issue 8 asks for: bytes of the file, gzipped.
LIMITS = {"packed": (13_000_000, 6_500_000), "hello": (9_500_000, 3_500_000)}


def portable():
    """The folder of a portable build: KRAIT_PORTABLE, else what `recipes/build` has made."""
    folder = os.environ.get("KRAIT_PORTABLE")
    if not folder:
        folder = subprocess.run([os.path.join(runners.ROOT, "recipes/build"), "--where"], stdout=subprocess.PIPE,
                                text=True, check=True).stdout.strip()
    if not os.path.exists(os.path.join(folder, "bin/python.wasm")):
        raise runners.Missing("there is no portable Python in %s: `krait build-python --out DIR` makes one, "
                              "KRAIT_PORTABLE names it" % folder)
    return folder


def pack(krait, *args):
    """Its report, and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([krait, "pack", "--json", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise runners.Missing("krait pack failed: " + done.stderr)
    return json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def gzipped(path):
    with open(path, "rb") as file:
        return len(gzip.compress(file.read(), 9, mtime=0))


def run(_systems, options):
    krait = os.path.abspath(options.krait or os.path.join(runners.ROOT, "build/bin/krait"))
    folder = portable()
    with tempfile.TemporaryDirectory(prefix="krait-bench.") as work:
        hello = os.path.join(work, "hello.py")
        with open(hello, "w", encoding="utf-8") as file:
            file.write('print("hello")\n')
        plain = ["--python", folder]
        kinds = [("module", ["--stdlib", "no", *plain]), ("stripped", ["--stdlib", "no", "--strip", *plain]),
                 ("packed", plain), ("packed_stripped", ["--strip", *plain]),
                 ("hello", [hello, "--tree-shake", "--strip", *plain])]
        rows = []
        for name, args in kinds:
            out = os.path.join(work, name + ".wasm")
            report, seconds = pack(krait, *args, "-o", out)
            rows.append((name, report, gzipped(out), seconds))
    print("%-16s %12s %12s %8s %12s %8s" % ("", "bytes", "gzipped", "files", "of bytes", "CPU s"))
    result = {"bench": "size"}
    for name, report, small, seconds in rows:
        print("%-16s %12d %12d %8d %12d %8.1f" % (name, report["module_bytes"], small, report["files"],
                                                  report["content_bytes"], seconds))
        result.update({name + "_bytes": report["module_bytes"], name + "_gzip_bytes": small})
        if name in LIMITS:
            result[name + "_fits"] = report["module_bytes"] <= LIMITS[name][0] and small <= LIMITS[name][1]
    result["machine"] = os.uname().machine
    print(json.dumps(result))
    return 0
