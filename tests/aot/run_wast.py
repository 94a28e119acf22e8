#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs WebAssembly test scripts (.wast) through the whole path: translate, compile, load, run.

Usage: run_wast.py --krait KRAIT --runner WASM_RUN [--cc CC] [-O LEVEL] [--keep DIR] [--numeric]
                   [--simd] [--reasons] [--meter] [--bounds-checked] FILE.wast...

wast2json (Debian: wabt) turns a script into JSON and modules. Modules are compiled with
`krait compile`, several at once; then one wasm_run process per script carries out its
commands. A module that must be refused is only validated. Every command is carried out or
counted as left out with its reason; one that fails is printed.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import tempfile

NAN_MASKS = {"f32": (0x7f800000, 0x00400000, 0x7fffffff), "f64": (0x7ff << 52, 1 << 51, (1 << 63) - 1)}


def is_nan_pattern(kind, pattern, bits):
    exponent, quiet, magnitude = NAN_MASKS[kind]
    if pattern == "nan:canonical":
        return bits & magnitude == exponent | quiet
    return bits & (exponent | quiet) == exponent | quiet


def bits_of(kind, bits):
    if kind in NAN_MASKS and bits.startswith("nan"):
        return str(NAN_MASKS[kind][0] | NAN_MASKS[kind][1])
    return bits


def value_text(value):
    kind = value["type"]
    bits = value.get("value", "null")
    if kind == "v128":
        lane = value["lane_type"]
        size = int(lane[1:]) // 8
        return "v128:" + b"".join(
            (int(bits_of(lane, b)) % (1 << 8 * size)).to_bytes(size, "little") for b in bits).hex()
    return "%s:%s" % (kind, bits_of(kind, bits))


def split_lanes(lane, text):
    """The lanes of 32 hexadecimal digits, as decimal numbers."""
    data = bytes.fromhex(text)
    size = int(lane[1:]) // 8
    return [int.from_bytes(data[i:i + size], "little") for i in range(0, 16, size)]


def lanes_match(expected, text):
    lane = expected["lane_type"]
    found = split_lanes(lane, text)
    bits = int(lane[1:])
    return len(found) == len(expected["value"]) and all(
        is_nan_pattern(lane, wanted, have) if wanted.startswith("nan:")
        else int(wanted) % (1 << bits) == have
        for wanted, have in zip(expected["value"], found))


def value_matches(expected, found):
    kind, _, bits = found.partition(":")
    if kind != expected["type"]:
        return False
    wanted = expected.get("value")
    if wanted is None:
        return True
    if kind == "v128":
        return lanes_match(expected, bits)
    if wanted.startswith("nan:"):
        return is_nan_pattern(kind, wanted, int(bits))
    if kind == "funcref":
        return (wanted == "null") == (bits == "null")
    return bits == wanted


# What wast2json 1.0.32 does not read unless asked; its own checks know less than we do.
FEATURES = ["--no-check", "--enable-multi-memory", "--enable-extended-const", "--enable-tail-call", "--enable-threads"]


class Script:
    """One .wast file: its commands, its modules, and what came out."""

    def __init__(self, path, folder, options):
        self.path = path
        self.folder = folder
        self.options = options
        self.passed = self.failed = self.left_out = 0
        self.ids = {}
        self.last = None
        self.next_id = 0
        self.process = None
        base = os.path.join(folder, "script.json")
        subprocess.run(["wast2json", *FEATURES, path, "-o", base], check=True)
        with open(base, encoding="utf-8") as file:
            # wast2json 1.0.32 forgets commas between the expected results of a trap.
            self.commands = json.loads(file.read().replace('"}{"', '"}, {"'))["commands"]

    def file(self, name):
        return os.path.join(self.folder, name)

    def modules(self):
        """Modules that must be compiled."""
        for command in self.commands:
            if command["type"] in ("module", "assert_uninstantiable", "assert_unlinkable",
                                   "assert_trap", "assert_exhaustion") and "filename" in command:
                if command.get("module_type", "binary") == "binary":
                    yield self.file(command["filename"])

    # -- talking to wasm_run ---------------------------------------------------------------

    def start(self):
        self.process = subprocess.Popen([self.options.runner], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.ask("module", "0", self.options.spectest + ".krt")
        self.ask("register", b"spectest".hex(), "0")

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            return "died with status %s" % self.process.wait()
        return answer.rstrip("\n")

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it died: the commands after that have failed
        self.process.wait()
        self.process.stdout.close()

    # -- results ---------------------------------------------------------------------------

    def check(self, ok, command, text):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print("%s:%d: %s: %s" % (os.path.basename(self.path), command["line"],
                                     command["type"], text))

    # -- commands --------------------------------------------------------------------------

    def instance(self, action):
        name = action.get("module")
        return self.ids[name] if name else self.last

    def perform(self, action):
        name = action["field"].encode("utf-8").hex() or "-"
        if action["type"] == "get":
            return self.ask("get", str(self.instance(action)), name)
        return self.ask("call", str(self.instance(action)), name,
                        *[value_text(v) for v in action["args"]])

    def instantiate(self, filename):
        krt = self.file(filename) + ".krt"
        if not os.path.exists(krt):
            log = self.file(filename) + ".log"
            with open(log, encoding="utf-8", errors="replace") as file:
                return "failed: not compiled: " + file.read().strip()
        self.next_id += 1
        return self.ask("module", str(self.next_id), krt)

    def do_module(self, command):
        answer = self.instantiate(command["filename"])
        self.check(answer == "ok", command, answer)
        self.last = self.next_id
        if "name" in command:
            self.ids[command["name"]] = self.last

    def do_register(self, command):
        instance = self.ids[command["name"]] if "name" in command else self.last
        answer = self.ask("register", command["as"].encode("utf-8").hex() or "-", str(instance))
        self.check(answer == "ok", command, answer)

    def do_action(self, command):
        answer = self.perform(command["action"])
        self.check(answer.startswith("ok"), command, answer)

    def do_assert_return(self, command):
        answer = self.perform(command["action"])
        found = answer.split(" ")
        expected = command["expected"]
        ok = found[0] == "ok" and len(found) == len(expected) + 1 and all(
            value_matches(e, f) for e, f in zip(expected, found[1:]))
        self.check(ok, command, "%s(%s): found %s, wanted %s" % (
            command["action"]["field"],
            ", ".join(value_text(v) for v in command["action"].get("args", [])),
            answer, ", ".join("%s:%s" % (e["type"], e.get("value")) for e in expected)))

    def do_assert_trap(self, command):
        if "filename" in command:
            return self.do_assert_uninstantiable(command)
        answer = self.perform(command["action"])
        word, _, text = answer.partition(" ")
        # Scripts give the beginning of the reason, and sometimes an index behind it.
        wanted = command["text"]
        same = text.startswith(wanted) or wanted.startswith(text)
        self.check(word == "trap" and bool(text) and same, command,
                   "%s: found %s, wanted trap %s" % (command["action"]["field"], answer, wanted))

    def do_assert_exhaustion(self, command):
        answer = self.perform(command["action"])
        self.check(answer == "trap call stack exhausted", command, answer)

    def do_assert_uninstantiable(self, command):
        answer = self.instantiate(command["filename"])
        self.check(answer.startswith("failed "), command, answer)

    do_assert_unlinkable = do_assert_uninstantiable

    def do_refused(self, command):
        if command.get("module_type") == "text":
            self.left_out += 1  # about the text format, which wast2json reads, not we
            return
        answer = self.ask("validate", self.file(command["filename"]))
        ok = answer.startswith("refused ") and (
            not self.options.reasons or command["text"] in answer)
        self.check(ok, command, "found %s, wanted %s" % (answer, command["text"]))

    do_assert_invalid = do_refused
    do_assert_malformed = do_refused

    def run(self):
        self.start()
        for command in self.commands:
            kind = command["type"]
            if kind == "module" and command.get("module_type", "binary") != "binary":
                self.left_out += 1
                continue
            getattr(self, "do_" + kind)(command)
        self.stop()


def compile_module(path, options):
    if options.keep and os.path.exists(path + ".krt"):
        return
    command = [options.krait, "compile", path, "-o", path + ".krt", "-O", options.level, "--jobs", "1"]
    if options.meter:
        command.append("--meter")
    if options.bounds_checked:
        command.append("--bounds-checked")
    if options.cc:
        command += ["--cc", options.cc]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with open(path + ".log", "wb") as file:
        file.write(done.stdout)


def run(options, folder):
    for name in ["numeric"] * options.numeric + ["simd"] * options.simd:
        generated = os.path.join(folder, name)
        os.makedirs(generated, exist_ok=True)
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + "_wast.py")
        subprocess.run([sys.executable, program, generated], check=True)
        options.scripts += [os.path.join(generated, name) for name in sorted(os.listdir(generated))]
    scripts = []
    for number, path in enumerate(options.scripts):
        inside = os.path.join(folder, "%d-%s" % (number, os.path.basename(path)))
        os.makedirs(inside, exist_ok=True)
        scripts.append(Script(path, inside, options))
    options.spectest = os.path.join(folder, "spectest.wasm")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spectest.wat")
    subprocess.run(["wat2wasm", "--enable-multi-memory", "--enable-threads", source, "-o",
                    options.spectest], check=True)
    paths = [options.spectest] + sorted({m for s in scripts for m in s.modules()})
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda p: compile_module(p, options), paths))
    failed = 0
    for script in scripts:
        script.run()
        failed += script.failed
        print("%-24s %5d passed %4d failed %4d left out" % (
            os.path.basename(script.path), script.passed, script.failed, script.left_out))
    checked = sum(s.passed + s.failed for s in scripts)
    print("%d modules compiled, %d commands, %d failed" % (len(paths), checked, failed))
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
