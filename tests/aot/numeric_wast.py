#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes test scripts for every numeric instruction: numeric_wast.py FOLDER

Operands are the edges (zeros with sign, limits, NaN, shifts beyond the width, halves);
results come from Python's integers and doubles by the definitions of WebAssembly 2.0
section 4.3, so nothing here is taken from what the translator gives.
"""
import math
import os
import struct
import sys

HEAD = ";; SPDX-License-Identifier: Apache-2.0\n"


class Trap(Exception):
    pass


def signed(width, value):
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


def float_text(value):
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    return value.hex()


class Script:
    """A module with one exported function per instruction, and assertions on it."""

    def __init__(self):
        self.functions = []
        self.assertions = []

    def function(self, name, params, result, body):
        self.functions.append('  (func (export "%s")%s%s %s)' % (
            name, "".join(" (param %s)" % p for p in params),
            " (result %s)" % result if result else "", body))

    def instruction(self, name, params, result, export=None):
        gets = " ".join("(local.get %d)" % i for i in range(len(params)))
        self.function(export or name, params, result, "(%s %s)" % (name, gets))

    def returns(self, name, arguments, *results):
        self.assertions.append('(assert_return (invoke "%s"%s)%s)' % (
            name, "".join(" (%s.const %s)" % a for a in arguments),
            "".join(" (%s.const %s)" % r for r in results)))

    def traps(self, name, arguments, text):
        self.assertions.append('(assert_trap (invoke "%s"%s) "%s")' % (
            name, "".join(" (%s.const %s)" % a for a in arguments), text))

    def text(self):
        return HEAD + "(module (memory 1)\n" + "\n".join(self.functions) + ")\n" + "\n".join(
            self.assertions) + "\n"


# ---- integers ----------------------------------------------------------------------------

def integer_operations(n):
    low = 1 << (n - 1)

    def divide(a, b, is_signed):
        if b == 0:
            raise Trap("integer divide by zero")
        if not is_signed:
            return a // b, a % b
        a, b = signed(n, a), signed(n, b)
        quotient = abs(a) // abs(b)
        remainder = abs(a) % abs(b)
        return (-quotient if (a < 0) != (b < 0) else quotient), (-remainder if a < 0 else remainder)

    def div_s(a, b):
        quotient = divide(a, b, True)[0]
        if quotient >= low:
            raise Trap("integer overflow")
        return quotient

    def rotate(a, count):
        count %= n
        return (a << count | a >> (n - count)) if count else a

    return {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
        "div_s": div_s, "div_u": lambda a, b: divide(a, b, False)[0],
        "rem_s": lambda a, b: divide(a, b, True)[1], "rem_u": lambda a, b: divide(a, b, False)[1],
        "and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << (b % n), "shr_s": lambda a, b: signed(n, a) >> (b % n),
        "shr_u": lambda a, b: a >> (b % n), "rotl": rotate, "rotr": lambda a, b: rotate(a, n - b % n),
    }


def integer_relations(n):
    def s(compare):
        return lambda a, b: compare(signed(n, a), signed(n, b))
    plain = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b}
    orders = {"lt": lambda a, b: a < b, "gt": lambda a, b: a > b,
              "le": lambda a, b: a <= b, "ge": lambda a, b: a >= b}
    for name, compare in orders.items():
        plain[name + "_u"] = compare
        plain[name + "_s"] = s(compare)
    return plain


def integer_unary(n):
    found = {"clz": lambda a: n - a.bit_length(),
             "ctz": lambda a: (a & -a).bit_length() - 1 if a else n,
             "popcnt": lambda a: bin(a).count("1"),
             "extend8_s": lambda a: signed(8, a), "extend16_s": lambda a: signed(16, a)}
    if n == 64:
        found["extend32_s"] = lambda a: signed(32, a)
    return found


def folded_integers(script, t, low):
    """Operands that a compiler sees, and results that nobody looks at."""
    for name, constant in (("div_s", -1), ("rem_s", -1), ("div_s", 7), ("div_u", 0), ("rem_u", 0)):
        script.function("%s by %d" % (name, constant), [t], t,
                        "(%s.%s (local.get 0) (%s.const %d))" % (t, name, t, constant))
    for name in ("div_s", "div_u", "rem_s", "rem_u"):
        script.function("unused " + name, [t, t], None,
                        "(drop (%s.%s (local.get 0) (local.get 1)))" % (t, name))
        script.traps("unused " + name, [(t, 1), (t, 0)], "integer divide by zero")
        script.returns("unused " + name, [(t, 7), (t, 2)])
    script.traps("unused div_s", [(t, low), (t, -1)], "integer overflow")
    script.returns("unused rem_s", [(t, low), (t, -1)])
    script.traps("div_s by -1", [(t, low)], "integer overflow")
    script.returns("div_s by -1", [(t, 5)], (t, -5))
    script.returns("rem_s by -1", [(t, low)], (t, 0))
    script.returns("div_s by 7", [(t, -15)], (t, -2))
    script.traps("div_u by 0", [(t, 1)], "integer divide by zero")
    script.traps("rem_u by 0", [(t, 1)], "integer divide by zero")


def integers(n):
    t = "i%d" % n
    ones = (1 << n) - 1
    low = 1 << (n - 1)
    mixed = 0x123456789abcdef0 & ones
    values = [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x8000, low - 1, low, low + 1, ones - 1, ones, mixed, n]
    pairs = [(0, 0), (1, 1), (7, 3), (7, ones - 2), (ones - 6, 3), (ones - 6, ones - 2), (low, ones),
             (low, 1), (low, 2), (low - 1, 1), (ones, ones), (ones, 1), (1, ones), (0, ones),
             (mixed, ~mixed & ones), (low, low), (low - 1, low), (1, n - 1), (1, n), (1, n + 1),
             (ones, n), (low, n - 1), (mixed, 4), (mixed, n + 4), (mixed, ones), (5, 0), (low, 0)]
    script = Script()
    for name, operation in integer_operations(n).items():
        script.instruction("%s.%s" % (t, name), [t, t], t, name)
        for a, b in pairs:
            arguments = [(t, hex(a)), (t, hex(b))]
            try:
                script.returns(name, arguments, (t, hex(operation(a, b) & ones)))
            except Trap as trap:
                script.traps(name, arguments, trap)
    for name, relation in integer_relations(n).items():
        script.instruction("%s.%s" % (t, name), [t, t], "i32", name)
        for a, b in pairs[:18]:
            script.returns(name, [(t, hex(a)), (t, hex(b))], ("i32", int(relation(a, b))))
    for name, operation in integer_unary(n).items():
        script.instruction("%s.%s" % (t, name), [t], t, name)
        for a in values:
            script.returns(name, [(t, hex(a))], (t, hex(operation(a) & ones)))
    script.instruction(t + ".eqz", [t], "i32", "eqz")
    for a in values:
        script.returns("eqz", [(t, hex(a))], ("i32", int(a == 0)))
    folded_integers(script, t, low)
    return script


# ---- floating point ----------------------------------------------------------------------

def round_to(n, value):
    if n == 64 or math.isnan(value):
        return value
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def quiet(operation):
    """NaN in, NaN out; what has no result is NaN."""
    def wrapped(*operands):
        if any(math.isnan(x) for x in operands):
            return math.nan
        try:
            return operation(*operands)
        except ValueError:
            return math.nan
    return wrapped


def to_integral(operation):
    def wrapped(a):
        return a if math.isinf(a) or a == 0 else math.copysign(float(operation(a)), a)
    return quiet(wrapped)


def divide_floats(a, b):
    sign = math.copysign(1, a) * math.copysign(1, b)
    if b == 0:
        return math.nan if a == 0 else math.copysign(math.inf, sign)
    try:
        return a / b
    except OverflowError:
        return math.copysign(math.inf, sign)


def lesser(a, b):
    return (a if math.copysign(1, a) < 0 else b) if a == b else min(a, b)


def greater(a, b):
    return (b if math.copysign(1, a) < 0 else a) if a == b else max(a, b)


FLOAT_UNARY = {"ceil": to_integral(math.ceil), "floor": to_integral(math.floor),
               "trunc": to_integral(math.trunc), "nearest": to_integral(round),
               "sqrt": quiet(lambda a: a if a == 0 else math.sqrt(a))}
FLOAT_BINARY = {"add": quiet(lambda a, b: a + b), "sub": quiet(lambda a, b: a - b),
                "mul": quiet(lambda a, b: a * b), "div": quiet(divide_floats),
                "min": quiet(lesser), "max": quiet(greater)}
FLOAT_RELATIONS = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b,
                   "gt": lambda a, b: a > b, "le": lambda a, b: a <= b, "ge": lambda a, b: a >= b}


def float_edges(n):
    fraction, exponent = (23, 127) if n == 32 else (52, 1023)
    largest = (2 - 2.0 ** -fraction) * 2.0 ** exponent
    smallest = 2.0 ** (1 - exponent - fraction)
    return fraction, largest, smallest


def float_bits(script, t, payload):
    """NaN bits survive everything that is not arithmetic."""
    script.function("id", [t], t, "(local.get 0)")
    ways = {
        "local": "(local %(t)s) (local.set 1 (local.get 0)) (local.get 1)",
        "memory": "(%(t)s.store offset=3 (i32.const 0) (local.get 0))"
                  " (%(t)s.load offset=3 (i32.const 0))",
        "block": "(block (result %(t)s) (br 0 (local.get 0)))",
        "loop": "(loop (result %(t)s) (local.get 0))",
        "if": "(if (result %(t)s) (i32.const 1) (then (local.get 0)) (else (%(t)s.const 1)))",
        "select": "(select (local.get 0) (%(t)s.const 1) (i32.const 1))",
        "call": "(call 0 (local.get 0))",
    }
    for way, body in ways.items():
        script.function("through " + way, [t], t, body % {"t": t})
        for bits in ("nan:" + payload, "-nan:" + payload, "nan:0x1", "-0x0p+0"):
            script.returns("through " + way, [(t, bits)], (t, bits))
    script.function("constant", [], t, "(%s.const -nan:%s)" % (t, payload))
    script.returns("constant", [], (t, "-nan:" + payload))
    for name, before, after in (("abs", "-nan:", "nan:"), ("neg", "-nan:", "nan:"),
                                ("neg", "nan:", "-nan:"), ("abs", "nan:", "nan:")):
        script.returns(name, [(t, before + payload)], (t, after + payload))
    script.returns("copysign", [(t, "nan:" + payload), (t, "-1")], (t, "-nan:" + payload))
    script.returns("copysign", [(t, "1"), (t, "-nan:" + payload)], (t, "-1"))


def float_folding(script, t, n, payload):
    """What a C compiler would like to simplify, and must not."""
    fraction, largest, _ = float_edges(n)
    folds = {"x*1": ("mul", "1"), "x/1": ("div", "1"), "x*-1": ("mul", "-1"), "x/-1": ("div", "-1"),
             "x+-0": ("add", "-0"), "x+0": ("add", "0"), "x-0": ("sub", "0"), "x--0": ("sub", "-0")}
    for name, (operation, constant) in folds.items():
        script.function(name, [t], t, "(%s.%s (local.get 0) (%s.const %s))" % (
            t, operation, t, constant))
        script.function("local " + name, [t], t,
                        "(local %s) (local.set 1 (%s.const %s)) (%s.%s (local.get 0) (local.get 1))"
                        % (t, t, constant, t, operation))
        for prefix in ("", "local "):
            script.returns(prefix + name, [(t, "nan:" + payload)], (t, "nan:arithmetic"))
            script.returns(prefix + name, [(t, "2.5")], (t, "-2.5" if "-1" in name else "2.5"))
    for name, operand, result in (("x+-0", "0", "0"), ("x+0", "-0", "0"), ("x-0", "-0", "-0"),
                                  ("x--0", "0", "0"), ("x+-0", "-0", "-0")):
        script.returns(name, [(t, operand)], (t, result))
    script.function("0-x", [t], t, "(%s.sub (%s.const -0) (local.get 0))" % (t, t))
    script.returns("0-x", [(t, "nan:" + payload)], (t, "nan:arithmetic"))
    script.returns("0-x", [(t, "0")], (t, "-0"))
    script.function("zero local", [t], t, "(local %s) (%s.sub (local.get 0) (local.get 1))" % (t, t))
    script.returns("zero local", [(t, "nan:" + payload)], (t, "nan:arithmetic"))
    for name, operation, operand in (("x-x", "sub", "inf"), ("x/x", "div", "0")):
        script.function(name, [t], t, "(%s.%s (local.get 0) (local.get 0))" % (t, operation))
        script.returns(name, [(t, operand)], (t, "nan:canonical"))
    script.function("x*y+z", [t, t, t], t,
                    "(%s.add (%s.mul (local.get 0) (local.get 1)) (local.get 2))" % (t, t))
    tiny = 2.0 ** -fraction
    product = round_to(n, (1 + tiny) * (1 - tiny))
    script.returns("x*y+z", [(t, (1 + tiny).hex()), (t, (1 - tiny).hex()), (t, "-1")],
                   (t, (product - 1).hex()))
    script.function("(x+y)+z", [t, t, t], t,
                    "(%s.add (%s.add (local.get 0) (local.get 1)) (local.get 2))" % (t, t))
    script.returns("(x+y)+z", [(t, largest.hex()), (t, largest.hex()), (t, (-largest).hex())],
                   (t, "inf"))


def floats(n):
    t = "f%d" % n
    fraction, largest, smallest = float_edges(n)
    payload = "0x200000" if n == 32 else "0x4000000000000"  # of a signalling NaN
    values = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -0.3, smallest, -smallest,
              largest, -largest, math.inf, -math.inf, math.nan, math.pi, 0.1, 1e10,
              2.0 ** fraction + 1, 2.0 ** (fraction - 1) + 0.5]
    values = [round_to(n, v) for v in values]
    edges = [0.0, -0.0, 1.0, -1.0, round_to(n, -0.3), smallest, largest, math.inf, -math.inf, math.nan]

    def result(value):
        return (t, "nan:canonical" if math.isnan(value) else float_text(round_to(n, value)))

    script = Script()
    float_bits(script, t, payload)
    for name in ("abs", "neg"):
        script.instruction("%s.%s" % (t, name), [t], t, name)
        for a in values[:17]:
            script.returns(name, [(t, float_text(a))], (t, float_text(abs(a) if name == "abs" else -a)))
    script.instruction(t + ".copysign", [t, t], t, "copysign")
    for a, b in [(a, b) for a in edges[:9] for b in edges[:4]]:
        script.returns("copysign", [(t, float_text(a)), (t, float_text(b))],
                       (t, float_text(math.copysign(a, b))))
    for name, operation in FLOAT_UNARY.items():
        script.instruction("%s.%s" % (t, name), [t], t, name)
        for a in values:
            script.returns(name, [(t, float_text(a))], result(operation(a)))
        script.returns(name, [(t, "nan:" + payload)], (t, "nan:arithmetic"))
    for name, operation in FLOAT_BINARY.items():
        script.instruction("%s.%s" % (t, name), [t, t], t, name)
        for a, b in [(a, b) for a in edges for b in edges]:
            script.returns(name, [(t, float_text(a)), (t, float_text(b))], result(operation(a, b)))
        for arguments in ([(t, "nan:" + payload), (t, 1)], [(t, 1), (t, "nan:" + payload)]):
            script.returns(name, arguments, (t, "nan:arithmetic"))
    for name, relation in FLOAT_RELATIONS.items():
        script.instruction("%s.%s" % (t, name), [t, t], "i32", name)
        for a, b in [(a, b) for a in edges for b in edges][::2]:
            script.returns(name, [(t, float_text(a)), (t, float_text(b))], ("i32", int(relation(a, b))))
    float_folding(script, t, n, payload)
    return script


# ---- conversions -------------------------------------------------------------------------

def neighbour(t, value, steps):
    """The float `steps` away from zero (or towards it)."""
    floating, integral = ("<f", "<i") if t == "f32" else ("<d", "<q")
    bits = struct.unpack(integral, struct.pack(floating, value))[0] + steps
    return struct.unpack(floating, struct.pack(integral, bits))[0]


def truncations(script, it, ft, sign):
    n = int(it[1:])
    low, high = (-(1 << (n - 1)), (1 << (n - 1)) - 1) if sign == "s" else (0, (1 << n) - 1)
    name = "%s.trunc_%s_%s" % (it, ft, sign)
    saturating = "%s.trunc_sat_%s_%s" % (it, ft, sign)
    script.instruction(name, [ft], it)
    script.instruction(saturating, [ft], it)
    script.function("unused " + name, [ft], None, "(drop (%s (local.get 0)))" % name)
    above = float(high + 1)
    below = float(low) if low else -1.0
    values = [0.0, -0.0, 1.0, 1.5, -0.5, -1.0, -1.5, 2.0 ** 100, -(2.0 ** 100), math.inf, -math.inf]
    values += [above, below] + [neighbour(ft, x, d) for x in (above, below) for d in (-1, 1)]
    if ft == "f64" and it == "i32":
        values += [high + 0.9, float(high), low - 0.9, low - 1.0]
    for value in values:
        fits = not math.isinf(value) and low <= math.trunc(value) <= high
        argument = [(ft, float_text(value))]
        if fits:
            script.returns(name, argument, (it, math.trunc(value)))
        else:
            script.traps(name, argument, "integer overflow")
        script.returns(saturating, argument,
                       (it, math.trunc(value) if fits else high if value > 0 else low))
    for nan in ("nan", "-nan", "nan:0x1"):
        script.traps(name, [(ft, nan)], "invalid conversion to integer")
        script.returns(saturating, [(ft, nan)], (it, 0))
    script.traps("unused " + name, [(ft, "nan")], "invalid conversion to integer")
    script.traps("unused " + name, [(ft, "inf")], "integer overflow")


def nearest_f32(value):
    """An integer to f32 in one rounding (Python's way is over a double)."""
    size = abs(value).bit_length()
    if size <= 24:
        return float(value)
    shift = size - 24
    kept, lost = abs(value) >> shift, abs(value) & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    kept += lost > half or (lost == half and kept & 1)
    return math.copysign(float(kept << shift), value)


def conversions_to_float(script, ft, it, sign):
    n = int(it[1:])
    name = "%s.convert_%s_%s" % (ft, it, sign)
    script.instruction(name, [it], ft)
    values = [0, 1, -1, (1 << (n - 1)) - 1, 1 << (n - 1), (1 << 24) + 1, (1 << 24) + 3,
              -(1 << 24) - 1, (1 << (n - 1)) + 1]
    if n == 64:
        values += [(1 << 53) + 1, (1 << 53) + 3, -(1 << 53) - 1, 0x7fffff4000000001,
                   0x8000008000000001, 0xfffffe8000000001, 0x8000000000000400, 0x8000000000000401,
                   0x7ffffffffffffdff]
    for value in values:
        value &= (1 << n) - 1
        number = signed(n, value) if sign == "s" else value
        result = float(number) if ft == "f64" else nearest_f32(number)
        script.returns(name, [(it, hex(value))], (ft, result.hex()))


def reinterpretations(script):
    same = {("i32", "f32"): [("0x0", "0"), ("0x80000000", "-0"), ("0x1", "0x1p-149"),
                             ("0x7f800000", "inf"), ("0x7fa00000", "nan:0x200000"),
                             ("0xffc12345", "-nan:0x412345")],
            ("i64", "f64"): [("0x0", "0"), ("0x8000000000000000", "-0"), ("0x1", "0x1p-1074"),
                             ("0x7ff0000000000000", "inf"),
                             ("0x7ff4000000000000", "nan:0x4000000000000"),
                             ("0xfff8000000000001", "-nan:0x8000000000001")]}
    for (it, ft), pairs in same.items():
        for a, b in ((it, ft), (ft, it)):
            script.instruction("%s.reinterpret_%s" % (a, b), [b], a)
        for bits, value in pairs:
            script.returns("%s.reinterpret_%s" % (ft, it), [(it, bits)], (ft, value))
            script.returns("%s.reinterpret_%s" % (it, ft), [(ft, value)], (it, bits))


def widths(script):
    script.instruction("i32.wrap_i64", ["i64"], "i32")
    script.instruction("i64.extend_i32_s", ["i32"], "i64")
    script.instruction("i64.extend_i32_u", ["i32"], "i64")
    for value in (0, 1, 0xffffffff, 0x100000000, 0x123456789abcdef0, 0xffffffff80000000):
        script.returns("i32.wrap_i64", [("i64", hex(value))], ("i32", hex(value & 0xffffffff)))
    for value in (0, 1, 0x7fffffff, 0x80000000, 0xffffffff):
        script.returns("i64.extend_i32_s", [("i32", hex(value))],
                       ("i64", hex(signed(32, value) & ((1 << 64) - 1))))
        script.returns("i64.extend_i32_u", [("i32", hex(value))], ("i64", hex(value)))


def float_sizes(script):
    script.instruction("f32.demote_f64", ["f64"], "f32")
    script.instruction("f64.promote_f32", ["f32"], "f64")
    script.function("there and back", ["f32"], "f32", "(f32.demote_f64 (f64.promote_f32 (local.get 0)))")
    script.function("back and there", ["f64"], "f64", "(f64.promote_f32 (f32.demote_f64 (local.get 0)))")
    largest = float.fromhex("0x1.fffffep+127")
    half_step = float.fromhex("0x1.ffffffp+127")
    for value, result in ((0.0, "0"), (-0.0, "-0"), (1.0, "1"), (1e300, "inf"), (-1e300, "-inf"),
                          (1e-300, "0"), (-1e-300, "-0"), (half_step, "inf"),
                          (math.nextafter(half_step, 0), "0x1.fffffep+127"), (1 + 2.0 ** -24, "1"),
                          (1 + 2.0 ** -24 + 2.0 ** -52, "0x1.000002p+0"), (2.0 ** -150, "0"),
                          (2.0 ** -150 * 1.5, "0x1p-149"), (math.inf, "inf")):
        script.returns("f32.demote_f64", [("f64", float_text(value))], ("f32", result))
    for value in (0.0, -0.0, 1.5, 2.0 ** -149, largest, -math.inf):
        script.returns("f64.promote_f32", [("f32", float_text(value))], ("f64", float_text(value)))
    for name, operand, result, payload in (("f32.demote_f64", "f64", "f32", "0x4000000000000"),
                                           ("f64.promote_f32", "f32", "f64", "0x200000"),
                                           ("there and back", "f32", "f32", "0x200000"),
                                           ("back and there", "f64", "f64", "0x4000000000000")):
        script.returns(name, [(operand, "nan")], (result, "nan:canonical"))
        script.returns(name, [(operand, "nan:" + payload)], (result, "nan:arithmetic"))
    script.returns("there and back", [("f32", "0x1p-149")], ("f32", "0x1p-149"))
    script.returns("back and there", [("f64", "0x1.0000000000001p+0")], ("f64", "1"))


def conversions():
    script = Script()
    for it in ("i32", "i64"):
        for ft in ("f32", "f64"):
            for sign in ("s", "u"):
                truncations(script, it, ft, sign)
                conversions_to_float(script, ft, it, sign)
    reinterpretations(script)
    widths(script)
    float_sizes(script)
    return script


def main():
    scripts = {"i32": integers(32), "i64": integers(64), "f32": floats(32), "f64": floats(64),
               "conversions": conversions()}
    for name, script in scripts.items():
        with open(os.path.join(sys.argv[1], name + ".wast"), "w", encoding="utf-8") as file:
            file.write(script.text())


if __name__ == "__main__":
    main()
