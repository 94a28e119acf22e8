#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs WebAssembly test scripts (.wast) through the whole path: translate, compile, load, run.

Usage: run_wast.py --krait KRAIT --runner WASM_RUN [--cc CC] [-O LEVEL] [--keep DIR] [--numeric]
                   [--simd] [--reasons] [--meter] [--bounds-checked] FILE.wast...

wast2json (Debian: wabt) turns a script into JSON and modules. Modules are compiled with
`krait compile`, several at once; then one wasm_run process per script carries out its
commands (tests/support/wast.py). A module that must be refused is only validated. What fails
is printed; commands about the text format are counted as left out.
"""
import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
sys.dont_write_bytecode = True

import krt  # noqa: E402
import wast  # noqa: E402

# What wast2json 1.0.32 does not read unless asked; its own checks know less than we do.
FEATURES = ["--no-check", "--enable-multi-memory", "--enable-extended-const",
            "--enable-tail-call", "--enable-threads"]


def convert(path, folder):
    os.makedirs(folder, exist_ok=True)
    output = os.path.join(folder, "script.json")
    subprocess.run(["wast2json", *FEATURES, path, "-o", output], check=True)
    return wast.load_commands(output)


def generate(names, folder):
    """The scripts that numeric_wast.py and simd_wast.py write."""
    scripts = []
    for name in names:
        generated = os.path.join(folder, name)
        os.makedirs(generated, exist_ok=True)
        subprocess.run([sys.executable, os.path.join(HERE, name + "_wast.py"), generated],
                       check=True)
        scripts += [os.path.join(generated, script) for script in sorted(os.listdir(generated))]
    return scripts


def run(options, folder):
    extra = ["--meter"] * options.meter + ["--bounds-checked"] * options.bounds_checked
    compiler = krt.Compiler(options.krait, options.level, options.cc, options.keep, extra)
    options.scripts += generate(["numeric"] * options.numeric + ["simd"] * options.simd, folder)
    scripts = []
    for number, path in enumerate(options.scripts):
        name = os.path.basename(path)
        inside = os.path.join(folder, "%d-%s" % (number, name))
        scripts.append(wast.Script(name, inside, convert(path, inside), compiler.compiled,
                                   options.reasons))
    spectest = os.path.join(folder, "spectest.wasm")
    subprocess.run(["wat2wasm", *FEATURES[1:], os.path.join(HERE, "spectest.wat"), "-o", spectest],
                   check=True)
    modules = [spectest] + sorted({m for s in scripts for m in s.modules()})
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(compiler.compile, modules))
    spectest, reason = compiler.compiled(spectest)
    if spectest is None:
        raise SystemExit(reason)
    for script in scripts:
        session = wast.Session(options.runner, spectest)
        script.run(session)
        session.stop()
        for failure in script.failures:
            print(failure)
        print("%-24s %5d passed %4d failed %4d left out" % (
            script.name, script.passed, script.failed, script.text))
    failed = sum(s.failed for s in scripts)
    checked = sum(s.passed + s.failed for s in scripts)
    print("%d modules, %d commands, %d failed" % (len(modules), checked, failed))
    return 1 if failed or not checked else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--krait", required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--cc", default="")
    parser.add_argument("-O", dest="level", default="1")
    parser.add_argument("--meter", action="store_true", help="compile with --meter")
    parser.add_argument("--bounds-checked", action="store_true",
                        help="compile with --bounds-checked")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", help="work in this folder, leave it, and compile nothing twice")
    parser.add_argument("--reasons", action="store_true",
                        help="what is refused must be refused with the text of the script")
    parser.add_argument("--numeric", action="store_true", help="run what numeric_wast.py writes")
    parser.add_argument("--simd", action="store_true", help="run what simd_wast.py writes")
    parser.add_argument("scripts", nargs="*")
    options = parser.parse_args()
    if not shutil.which("wast2json"):
        print("wast2json (Debian package wabt) is not installed")
        return 77
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        return run(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="krait-wast.") as folder:
        return run(options, folder)


if __name__ == "__main__":
    sys.exit(main())
