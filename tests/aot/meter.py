#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a metered module spends: the numbers of docs/aot.md, with every compiler and level.

Usage: meter.py --krait KRAIT --runner WASM_RUN [--cc CC]... [-O LEVELS]

meter.wat is translated once for each compiler, level, and with and without bounds checks.
Each call must cost what is written here; with exactly that much fuel it must succeed, and
with one unit less it must stop before the block that it cannot pay for.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = "trap out of bounds memory access"

# export, argument types and values, answer, cost. One unit for each instruction but block,
# loop, else, end and nop; and in front of the sum the eighths of the declared locals.
CASES = (
    ("nothing", (), "ok", 0),
    ("straight", ("i32:4",), "ok i32:15", 5),
    ("locals", (), "ok i32:0", 2 + 1),
    ("if", ("i32:1",), "ok i32:1", 2 + 1),
    ("if", ("i32:0",), "ok i32:2", 2 + 3),
    ("if-only", ("i32:1",), "ok", 2 + 2 + 2),
    ("if-only", ("i32:0",), "ok", 2 + 2),
    ("loop", ("i32:1",), "ok i32:1", 1 + 8 + 1),
    ("loop", ("i32:1000",), "ok i32:1000", 1 + 8 * 1000 + 1),
    ("switch", ("i32:0",), "ok i32:10", 2 + 2),
    ("switch", ("i32:1",), "ok i32:20", 2 + 4 + 1),
    ("switch", ("i32:2",), "ok i32:20", 2 + 1),
    ("switch", ("i32:9",), "ok i32:20", 2 + 1),
    ("dead", ("i32:7",), "ok i32:7", 1 + 1),
    ("fac", ("i64:0",), "ok i64:1", 3 + 1),
    ("fac", ("i64:10",), "ok i64:3628800", 10 * (3 + 6) + 3 + 1),
    ("indirect", ("i32:0",), "trap uninitialized element", 2),
    ("indirect", ("i32:10",), "trap undefined element", 2),
    ("bytes", ("i32:0",), "ok", 8),
    ("bytes", ("i32:1",), "ok", 8 + 1 + 1),
    ("bytes", ("i32:64",), "ok", 8 + 1 + 1),
    ("bytes", ("i32:65",), "ok", 8 + 2 + 2),
    ("bytes", ("i32:65472",), "ok", 8 + 1023 + 1023),
    ("bytes", ("i32:65536",), MEMORY, 8 + 1024 + 1024),
    ("bytes", ("i32:4294967295",), MEMORY, 8 + (1 << 26)),
    ("init", ("i32:10",), "ok", 4 + 1),
    ("init", ("i32:129",), MEMORY, 4 + 3),
    ("grow", ("i32:0",), "ok i32:1", 2),
    ("grow", ("i32:2",), "ok i32:1", 2 + 2 * 1024),
    ("grow", ("i32:100",), "ok i32:4294967295", 2 + 100 * 1024),
    ("grow", ("i32:65537",), "ok i32:4294967295", 2),
    ("table-ops", ("i32:9",), "ok", 8 + 9 + 9),
    ("table-init", ("i32:3",), "ok", 4 + 3),
    ("table-grow", ("i32:5",), "ok i32:10", 3 + 5),
    ("table-grow", ("i32:1000",), "ok i32:4294967295", 3 + 1000),
    ("table-grow", ("i32:4294967295",), "ok i32:4294967295", 3),
    ("walk", ("i32:0",), MEMORY, 1 + 10 * 17),
    ("walk", ("i32:65533",), MEMORY, 1 + 10),
    ("march", ("i32:0",), MEMORY, 8 * 17),
    ("tail", ("i32:0",), "ok i32:7", 3 + 2),
    ("tail", ("i32:100000",), "ok i32:7", 100000 * (3 + 4) + 3 + 2),
    ("vector", ("i32:0",), "ok", 6),
    ("vector", ("i32:65521",), MEMORY, 6),
    ("other", ("i32:128",), "ok", 8 + 2 + 2),
    ("deep", ("i32:0",), "trap call stack exhausted", None),
)

# What never ends is stopped: export, arguments, cost of entering, of each turn. A block is
# paid for as a whole, a bulk operation by its block and its size.
ENDLESS = (
    ("forever", (), 0, (1,)),
    ("forever-fill", (), 0, (5, 1024)),
    ("deep", ("i32:0",), 0, (4,)),
    ("tail-forever", ("i32:0",), 0, (2,)),
)


class Runner:
    def __init__(self, program, krt):
        self.krt = krt
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.next_id = 0

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def call(self, fuel, name, arguments, after=None):
        """In a fresh instance: the answer, what was spent, and what `after` says then."""
        self.next_id += 1
        number = str(self.next_id)
        limit = [str(fuel)] if fuel else []
        answer = self.ask("module", number, self.krt, *limit)
        if answer != "ok":
            raise SystemExit("cannot instantiate: " + answer)
        answer = self.ask("call", number, name.encode().hex(), *arguments)
        spent = int(self.ask("spent", number).partition(" ")[2])
        return answer, spent, after and self.ask("call", number, after.encode().hex())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Checker:
    def __init__(self):
        self.checks = self.failures = 0

    def same(self, what, found, wanted):
        self.checks += 1
        if found != wanted:
            self.failures += 1
            print("%s: found %r, wanted %r" % (what, found, wanted))


def check_case(check, runner, label, case):
    name, arguments, wanted, cost = case
    what = "%s: %s %s" % (label, name, " ".join(arguments))
    answer, spent, _ = runner.call(0, name, arguments)
    check.same(what, answer, wanted)
    if cost is None:
        return
    check.same(what + " spent", spent, cost)
    if cost == 0:
        return
    check.same(what + " with enough", runner.call(cost, name, arguments)[:2], (wanted, cost))
    if cost > 1:
        answer, spent, _ = runner.call(cost - 1, name, arguments)
        check.same(what + " with one less", answer, "trap out of fuel")
        check.same(what + " never spends more than it has", spent < cost, True)


def check_endless(check, runner, label, endless):
    name, arguments, entry, turn = endless
    # How deep the stack is depends on the compiler; the smallest one holds 10000 calls.
    for fuel in (1, 1000, 5003) + ((100000,) if name != "deep" else ()):
        left = fuel - entry
        left -= left // sum(turn) * sum(turn)
        for part in turn:
            if part > left:
                break
            left -= part
        for attempt in range(3):
            check.same("%s: %s with %d, run %d" % (label, name, fuel, attempt),
                       runner.call(fuel, name, arguments)[:2], ("trap out of fuel", fuel - left))


def check_effects(check, runner, label):
    """A block that is not paid for has no effect; the one before it has."""
    check.same(label + ": no effect", runner.call(3, "set", ("i32:1",), None)[0],
               "trap out of fuel")
    # The first block costs 4 (set, condition), the second one 4; reading costs 1.
    answer, spent, value = runner.call(7, "set", ("i32:1",), "get")
    check.same(label + ": stops between blocks", (answer, spent, value),
               ("trap out of fuel", 4, "ok i32:1"))
    answer, spent, value = runner.call(9, "set", ("i32:1",), "get")
    check.same(label + ": goes on with what is left", (answer, spent, value),
               ("ok", 8, "ok i32:3"))


def compile_one(options, folder, wasm, cc, level, extra):
    krt = os.path.join(folder, "%s-%s%s.krt" % (os.path.basename(cc), level, "".join(extra)))
    subprocess.run([options.krait, "compile", wasm, "-o", krt, "--cc", cc, "-O", level,
                    "--jobs", "1", *extra], check=True)
    return krt


def check_refusals(check, options, folder, wasm):
    """Fuel for a module that does not count is refused."""
    krt = compile_one(options, folder, wasm, options.cc[0], "0", ())
    runner = Runner(options.runner, krt)
    answer = runner.ask("module", "1", krt, "1000")
    check.same("not metered", "--meter" in answer and answer.startswith("failed "), True)
    check.same("not metered, no fuel", runner.ask("module", "2", krt), "ok")
    runner.ask("call", "2", b"loop".hex(), "i32:9")
    check.same("not metered, nothing spent", runner.ask("spent", "2"), "ok 0")
    runner.stop()


def check_absent(check, options, folder, wasm):
    """The C of a module that is not metered does not mention it."""
    for extra, wanted in ((["--meter"], True), ([], False)):
        c_files = os.path.join(folder, "c%d" % wanted)
        os.mkdir(c_files)
        subprocess.run([options.krait, "compile", wasm, "-o", os.path.join(folder, "c.krt"),
                        "--cc", options.cc[0], "-O", "0", "--emit-c", c_files, *extra], check=True)
        texts = ""
        for name in os.listdir(c_files):
            if name not in ("krait_prelude.h", "krait_abi.h", "data.bin"):
                with open(os.path.join(c_files, name), encoding="utf-8") as file:
                    texts += file.read()
        check.same("METER in C with %s" % extra, ("METER" in texts, "k_fuel" in texts),
                   (wanted, wanted))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--krait", required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--cc", action="append", required=True)
    parser.add_argument("-O", dest="levels", default="02")
    options = parser.parse_args()
    check = Checker()
    with tempfile.TemporaryDirectory(prefix="krait-meter.") as folder:
        wasm = os.path.join(folder, "meter.wasm")
        try:
            subprocess.run(["wat2wasm", "--enable-tail-call", "--enable-multi-memory",
                            os.path.join(HERE, "meter.wat"), "-o", wasm], check=True)
        except FileNotFoundError:
            print("wat2wasm (Debian package wabt) is not installed")
            return 77
        for cc in options.cc:
            for level in options.levels:
                for extra in (("--meter",), ("--meter", "--bounds-checked")):
                    krt = compile_one(options, folder, wasm, cc, level, extra)
                    runner = Runner(options.runner, krt)
                    label = "%s -O%s %s" % (os.path.basename(cc), level, " ".join(extra))
                    for case in CASES:
                        check_case(check, runner, label, case)
                    for endless in ENDLESS:
                        check_endless(check, runner, label, endless)
                    check_effects(check, runner, label)
                    runner.stop()
        check_refusals(check, options, folder, wasm)
        check_absent(check, options, folder, wasm)
    print("%d checks, %d failed" % (check.checks, check.failures))
    return 1 if check.failures or not check.checks else 0


if __name__ == "__main__":
    sys.exit(main())
