#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on modules that check bounds themselves (krait compile --bounds-checked).

Usage: checked.py --krait KRAIT --runner WASM_RUN [--cc CC]... [-O LEVELS]

Their memories reserve nothing behind their maximum, so an access that is not checked hits
whatever is mapped there, or ends the runner. Every load and store is tried at the edges of
index and offset against what 64-bit arithmetic says. Under a limit of the address space
such a module runs where others are refused with the reason, and a module without checks
is not given its memory.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

MEMORY = "trap out of bounds memory access"
UNALIGNED = "trap unaligned atomic"
SIZE = 65536
MIB = 1 << 20

# Instruction, bytes that it touches, type of its result or operand.
LOADS = (
    ("i32.load8_s", 1, "i32"), ("i32.load8_u", 1, "i32"), ("i32.load16_s", 2, "i32"),
    ("i32.load16_u", 2, "i32"), ("i32.load", 4, "i32"), ("i64.load8_s", 1, "i64"),
    ("i64.load8_u", 1, "i64"), ("i64.load16_s", 2, "i64"), ("i64.load16_u", 2, "i64"),
    ("i64.load32_s", 4, "i64"), ("i64.load32_u", 4, "i64"), ("i64.load", 8, "i64"),
    ("f32.load", 4, "f32"), ("f64.load", 8, "f64"))
STORES = (
    ("i32.store8", 1, "i32"), ("i32.store16", 2, "i32"), ("i32.store", 4, "i32"),
    ("i64.store8", 1, "i64"), ("i64.store16", 2, "i64"), ("i64.store32", 4, "i64"),
    ("i64.store", 8, "i64"), ("f32.store", 4, "f32"), ("f64.store", 8, "f64"))
VECTORS = (
    ("v128.load", 16), ("v128.store", 16), ("v128.load8x8_s", 8), ("v128.load8x8_u", 8),
    ("v128.load16x4_s", 8), ("v128.load16x4_u", 8), ("v128.load32x2_s", 8),
    ("v128.load32x2_u", 8), ("v128.load8_splat", 1), ("v128.load16_splat", 2),
    ("v128.load32_splat", 4), ("v128.load64_splat", 8), ("v128.load32_zero", 4),
    ("v128.load64_zero", 8), ("v128.load8_lane", 1), ("v128.load16_lane", 2),
    ("v128.load32_lane", 4), ("v128.load64_lane", 8), ("v128.store8_lane", 1),
    ("v128.store16_lane", 2), ("v128.store32_lane", 4), ("v128.store64_lane", 8))
# Loads, stores, one that reads and writes, and one with two operands, of each width.
ATOMICS = tuple((name, width, name[:3]) for name, width in (
    ("i32.atomic.load8_u", 1), ("i32.atomic.load16_u", 2), ("i32.atomic.load", 4),
    ("i64.atomic.load32_u", 4), ("i64.atomic.load", 8), ("i32.atomic.store8", 1),
    ("i32.atomic.store16", 2), ("i32.atomic.store", 4), ("i64.atomic.store32", 4),
    ("i64.atomic.store", 8), ("i32.atomic.rmw8.add_u", 1), ("i32.atomic.rmw16.xchg_u", 2),
    ("i32.atomic.rmw.sub", 4), ("i64.atomic.rmw32.or_u", 4), ("i64.atomic.rmw.xor", 8),
    ("i32.atomic.rmw8.cmpxchg_u", 1), ("i32.atomic.rmw16.cmpxchg_u", 2),
    ("i32.atomic.rmw.cmpxchg", 4), ("i64.atomic.rmw32.cmpxchg_u", 4),
    ("i64.atomic.rmw.cmpxchg", 8))) + (("memory.atomic.notify", 4, "i32"),)
BULK = ("memory.fill", "memory.copy", "memory.init")


def offsets_of(width):
    return sorted({0, 1, SIZE - width, SIZE - width + 1, SIZE - 1, SIZE, (1 << 31) - 1, 1 << 31,
                   (1 << 32) - width, (1 << 32) - 1})


def indices_of(width, offset):
    last = SIZE - width - offset
    picked = {0, 1, SIZE - 1, SIZE, 1 << 31, (1 << 32) - SIZE, (1 << 32) - width, (1 << 32) - 1,
              last, last + 1, last + 65536, (1 << 32) - offset}
    return sorted(i for i in picked if 0 <= i < 1 << 32)


def access(name, kind, offset):
    """The instruction with its operands; what a load gives is dropped."""
    place = "%s offset=%d" % (name, offset)
    operands = ["(local.get 0)"]
    if name.endswith("_lane"):
        place += " 0"
    if kind == "v128" and (".store" in name or name.endswith("_lane")):
        operands.append("(v128.const i64x2 1 2)")
    elif ".store" in name or ".rmw" in name or ".notify" in name:
        operands.append("(%s.const 1)" % kind)
    if "cmpxchg" in name:
        operands.append("(%s.const 2)" % kind)
    text = "(%s %s)" % (place, " ".join(operands))
    return text if ".store" in name else "(drop %s)" % text


def attack_module():
    """One function for each instruction and offset, and the cases for it."""
    text = ["(module (memory 1 1) (data $d \"" + "x" * 64 + "\")"]
    cases = []
    vectors = tuple((name, width, "v128") for name, width in VECTORS)
    for name, width, kind in LOADS + STORES + vectors + ATOMICS:
        for offset in offsets_of(width):
            export = "%s@%d" % (name, offset)
            body = access(name, kind, offset)
            text.append("(func (export \"%s\") (param i32) %s)" % (export, body))
            for index in indices_of(width, offset):
                wanted = "ok" if index + offset + width <= SIZE else MEMORY
                if "atomic" in name and (index + offset) % width != 0:
                    wanted = UNALIGNED
                cases.append((export, (index,), wanted))
    text.append("""
(func (export "memory.fill") (param i32 i32 i32)
  (memory.fill (local.get 0) (local.get 1) (local.get 2)))
(func (export "memory.copy") (param i32 i32 i32)
  (memory.copy (local.get 0) (local.get 1) (local.get 2)))
(func (export "memory.init") (param i32 i32 i32)
  (memory.init $d (local.get 0) (local.get 1) (local.get 2))))""")
    edges = (0, 1, 64, 65, SIZE - 1, SIZE, SIZE + 1, (1 << 32) - 1)
    for name in BULK:
        for to in edges:
            for source in edges:
                for count in edges:
                    fits = to + count <= SIZE
                    if name == "memory.copy":
                        fits = fits and source + count <= SIZE
                    elif name == "memory.init":
                        fits = fits and source + count <= 64
                    cases.append((name, (to, source, count), "ok" if fits else MEMORY))
    return "\n".join(text), cases


OWNER = """(module (memory (export "m") 1 1)
  (func (export "read") (param i32) (result i32) (i32.load (local.get 0))))"""
USER = """(module (import "owner" "m" (memory 1))
  (func (export "write") (param i32) (i32.store (local.get 0) (i32.const 42))))"""
GROWER = """(module (memory 1)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "touch") (param i32) (i32.store (local.get 0) (i32.const 1))))"""


STACK = """(module (memory 1 1)
  (global $__stack_pointer (mut i32) (i32.const 1024))
  (func (export "overflow")
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 4096)))
    (i32.store offset=12 (global.get $__stack_pointer) (i32.const 1))))"""


class Runner:
    def __init__(self, program, limit=0):
        def confine():
            if limit:
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=confine)

    def ask(self, *words):
        try:
            self.process.stdin.write(" ".join(words) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        return answer.rstrip("\n") or "died with status %s" % self.process.wait()

    def call(self, number, name, *arguments):
        return self.ask("call", number, name.encode().hex(), *["i32:%d" % a for a in arguments])

    def stop(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()


class Checker:
    def __init__(self):
        self.checks = self.failures = 0

    def same(self, what, found, wanted):
        self.checks += 1
        if found != wanted:
            self.failures += 1
            if self.failures < 30:
                print("%s: found %r, wanted %r" % (what, found, wanted))
        return found == wanted

    def has(self, what, found, part):
        self.same("%s: %r has %r" % (what, found, part), part in found, True)


class Maker:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.made = 0

    def make(self, text, *extra):
        """The .krt of a module in the text format."""
        self.made += 1
        base = os.path.join(self.folder, "m%d" % self.made)
        with open(base + ".wat", "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["wat2wasm", "--enable-threads", "--debug-names", base + ".wat", "-o", base + ".wasm"], check=True)
        subprocess.run([self.options.krait, "compile", base + ".wasm", "-o", base + ".krt",
                        "--jobs", "1", *extra], check=True)
        return base + ".krt"


def check_attacks(check, options, maker):
    text, cases = attack_module()
    for cc in options.cc:
        for level in options.levels:
            label = "%s -O%s" % (os.path.basename(cc), level)
            krt = maker.make(text, "--cc", cc, "-O", level, "--bounds-checked")
            runner = Runner(options.runner)
            check.same(label, runner.ask("module", "1", krt), "ok")
            for name, arguments, wanted in cases:
                found = runner.call("1", name, *arguments)
                if not check.same("%s: %s%r" % (label, name, arguments), found, wanted) and \
                        found.startswith("died"):
                    break
            runner.stop()


def check_links(check, options, maker):
    """A small reservation is not for code that relies on a large one."""
    krts = {}
    for name, text in (("owner", OWNER), ("user", USER)):
        krts[name, False] = maker.make(text, "--cc", options.cc[0])
        krts[name, True] = maker.make(text, "--cc", options.cc[0], "--bounds-checked")
    for owner in (False, True):
        for user in (False, True):
            runner = Runner(options.runner)
            check.same("owner", runner.ask("module", "1", krts["owner", owner]), "ok")
            check.same("register", runner.ask("register", b"owner".hex(), "1"), "ok")
            answer = runner.ask("module", "2", krts["user", user])
            if owner and not user:
                check.has("a module without checks", answer, "owner.m")
                check.has("and why", answer, "(of a bounds-checked module")
            else:
                check.same("owner %d, user %d" % (owner, user), answer, "ok")
                check.same("writes", runner.call("2", "write", SIZE - 4), "ok")
                check.same("reads", runner.call("1", "read", SIZE - 4), "ok i32:42")
                check.same("writes beyond", runner.call("2", "write", SIZE - 3), MEMORY)
                check.same("reads beyond", runner.call("1", "read", SIZE - 3), MEMORY)
            runner.stop()


def check_stack(check, options, maker):
    """The trap of a guest's own stack is the same with and without checks."""
    for extra in ((), ("--bounds-checked",)):
        runner = Runner(options.runner)
        krt = maker.make(STACK, "--cc", options.cc[0], *extra)
        check.same("a module with a stack", runner.ask("module", "1", krt), "ok")
        check.same("the stack's end %s" % (extra,), runner.call("1", "overflow"),
                   "trap stack in linear memory exhausted")
        runner.stop()


def check_limits(check, options, maker):
    """Where address space is limited: what cannot run says so, what can grows as far as it goes."""
    plain = maker.make(GROWER, "--cc", options.cc[0])
    checked = maker.make(GROWER, "--cc", options.cc[0], "--bounds-checked")
    for limit in (256 * MIB, 1024 * MIB, 6144 * MIB):
        runner = Runner(options.runner, limit)
        answer = runner.ask("module", "1", plain)
        check.has("limit %d MiB" % (limit // MIB), answer, "failed cannot reserve 8 GiB")
        check.has("limit %d MiB" % (limit // MIB), answer, "--bounds-checked")
        runner.stop()
        runner = Runner(options.runner, limit)
        check.same("checked", runner.ask("module", "1", checked), "ok")
        pages = 1
        while runner.call("1", "grow", 64) == "ok i32:%d" % pages:
            pages += 64
        # Not less than a quarter of the limit, and not all of it.
        check.same("limit %d MiB: %d MiB in use" % (limit // MIB, pages // 16),
                   min(limit // 4, 2048 * MIB) <= pages * SIZE < limit, True)
        check.same("the last byte", runner.call("1", "touch", pages * SIZE - 4), "ok")
        check.same("beyond it", runner.call("1", "touch", pages * SIZE - 3), MEMORY)
        # There is room for a second one.
        check.same("a second instance", runner.ask("module", "2", checked), "ok")
        runner.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--krait", required=True)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--cc", action="append", required=True)
    parser.add_argument("-O", dest="levels", default="02")
    parser.add_argument("--no-limits", action="store_true",
                        help="leave out what limits the address space (sanitizers, emulators)")
    options = parser.parse_args()
    check = Checker()
    with tempfile.TemporaryDirectory(prefix="krait-checked.") as folder:
        maker = Maker(options, folder)
        try:
            check_links(check, options, maker)
        except FileNotFoundError:
            print("wat2wasm (Debian package wabt) is not installed")
            return 77
        check_stack(check, options, maker)
        check_attacks(check, options, maker)
        if not options.no_limits:
            check_limits(check, options, maker)
    print("%d checks, %d failed" % (check.checks, check.failures))
    return 1 if check.failures or not check.checks else 0


if __name__ == "__main__":
    sys.exit(main())
