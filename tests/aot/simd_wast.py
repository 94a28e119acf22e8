#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes test scripts for every 128-bit instruction that computes: simd_wast.py FOLDER

As numeric_wast.py, lane by lane: operands are the edges, results come from Python's integers
and doubles by the definitions of WebAssembly 2.0 section 4.3.3. Every operation is applied to
parameters, and once to constants, so that the C compiler computes a result, too. Memory,
lanes and calls are in wast/simd.wast.
"""
import math
import os
import struct
import sys

import numeric_wast as scalar

SHAPES = {8: "i8x16", 16: "i16x8", 32: "i32x4", 64: "i64x2"}


def ones(n):
    return (1 << n) - 1


def clamp(value, low, high):
    return max(low, min(high, value))


def clamp_s(n, value):
    return clamp(value, -(1 << (n - 1)), ones(n - 1))


def vector(n, lanes):
    """A vector operand or result; lanes are taken modulo 2^n."""
    assert len(lanes) * n == 128
    return ("v128", "%s %s" % (SHAPES[n], " ".join(hex(lane & ones(n)) for lane in lanes)))


def chunks(values, size):
    """Vectors of `size`; the last one goes on with the first values."""
    values = list(values)
    while len(values) % size:
        values.append(values[len(values) % size])
    return [values[i:i + size] for i in range(0, len(values), size)]


def edges(n):
    low = 1 << (n - 1)
    mixed = 0x123456789abcdef0 >> (64 - n)
    found = [0, 1, 2, 3, low - 2, low - 1, low, low + 1, ones(n) - 1, ones(n), 0x55, low >> 1,
             (low >> 1) + 1, mixed, ~mixed & ones(n), 5]
    return [value & ones(n) for value in found]


def pairs_of(n):
    found = [(a, b) for a in edges(n) for b in edges(n)]
    return found if n < 64 else found[::3] + found[1::7]


class Script(scalar.Script):
    def operation(self, name, params, result, cases):
        """`cases`: (operands, result); the first ones are constants, too."""
        self.instruction(name, params, result)
        for operands, wanted in cases:
            self.returns(name, operands, wanted)
        for number in range(min(2, len(cases))):
            operands, wanted = cases[number * (len(cases) - 1)]
            export = "%s constant %d" % (name, number)
            self.function(export, [], result, "(%s %s)" % (
                name, " ".join("(%s.const %s)" % operand for operand in operands)))
            self.returns(export, [], wanted)

    def lanewise(self, name, n, pairs, compute, to=None):
        """Two vectors to one, lane by lane."""
        to = to or n
        cases = []
        for chunk in chunks(pairs, 128 // n):
            cases.append(((vector(n, [a for a, _ in chunk]), vector(n, [b for _, b in chunk])),
                          vector(to, [compute(a, b) for a, b in chunk])))
        self.operation(name, ["v128", "v128"], "v128", cases)

    def whole(self, name, n, to, operands, compute):
        """Lists of lanes to a list of lanes."""
        cases = [([vector(n, lanes) for lanes in lists], vector(to, compute(*lists)))
                 for lists in operands]
        self.operation(name, ["v128"] * len(operands[0]), "v128", cases)


# ---- integers ----------------------------------------------------------------------------

def integer_binary(n):
    def s(value):
        return scalar.signed(n, value)

    found = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b}
    if n > 8:
        found["mul"] = lambda a, b: a * b
    if n < 64:
        found.update({"min_s": lambda a, b: min(s(a), s(b)), "max_s": lambda a, b: max(s(a), s(b)),
                      "min_u": min, "max_u": max})
    if n < 32:
        found.update({
            "add_sat_s": lambda a, b: clamp_s(n, s(a) + s(b)),
            "add_sat_u": lambda a, b: min(a + b, ones(n)),
            "sub_sat_s": lambda a, b: clamp_s(n, s(a) - s(b)),
            "sub_sat_u": lambda a, b: max(a - b, 0),
            "avgr_u": lambda a, b: (a + b + 1) // 2})
    if n == 16:
        found["q15mulr_sat_s"] = lambda a, b: clamp_s(n, (s(a) * s(b) + 0x4000) >> 15)
    for name, compare in scalar.integer_relations(n).items():
        if n < 64 or not name.endswith("_u"):
            found[name] = lambda a, b, compare=compare: -int(compare(a, b))
    return found


def shifts(script, n):
    for name, compute in (("shl", lambda a, c: a << c), ("shr_u", lambda a, c: a >> c),
                          ("shr_s", lambda a, c: scalar.signed(n, a) >> c)):
        cases = []
        for count in (0, 1, 3, n - 1, n, n + 1, 2 * n + 3, 0x80000000, 0xffffffff):
            for chunk in chunks(edges(n)[:128 // n * 2], 128 // n):
                cases.append(((vector(n, chunk), ("i32", hex(count))),
                              vector(n, [compute(a, count % n) for a in chunk])))
        script.operation("%s.%s" % (SHAPES[n], name), ["v128", "i32"], "v128", cases)


def tests_of_lanes(script, n):
    lanes = 128 // n
    low = 1 << (n - 1)
    lists = [[0] * lanes, [ones(n)] * lanes, [1] * lanes, [low] * lanes, edges(n)[:lanes]]
    for lane in range(lanes):
        lists.append([low if i == lane else low - 1 for i in range(lanes)])
        lists.append([0 if i == lane else 1 for i in range(lanes)])
        lists.append([1 << (lane % n) if i == lane else 0 for i in range(lanes)])
    for name, compute in (
            (SHAPES[n] + ".bitmask", lambda v: sum((a >> (n - 1)) << i for i, a in enumerate(v))),
            (SHAPES[n] + ".all_true", lambda v: int(all(v)))):
        script.operation(name, ["v128"], "i32", [
            ((vector(n, v),), ("i32", compute(v))) for v in lists])
    for v in lists:
        script.returns("v128.any_true", [vector(n, v)], ("i32", int(any(v))))


def integers():
    script = Script()
    script.instruction("v128.any_true", ["v128"], "i32")
    for n, shape in SHAPES.items():
        for name, compute in integer_binary(n).items():
            script.lanewise("%s.%s" % (shape, name), n, pairs_of(n), compute)
        unary = {"neg": lambda a: -a, "abs": lambda a, n=n: abs(scalar.signed(n, a))}
        if n == 8:
            unary["popcnt"] = lambda a: bin(a).count("1")
        values = range(256) if n == 8 else edges(n)
        for name, compute in unary.items():
            script.whole("%s.%s" % (shape, name), n, n, [(v,) for v in chunks(values, 128 // n)],
                         lambda v, compute=compute: [compute(a) for a in v])
        shifts(script, n)
        tests_of_lanes(script, n)
    return script


def widths():
    """Instructions whose operands and results have lanes of different widths."""
    script = Script()
    for n in (8, 16, 32):
        wide, narrow, half = SHAPES[2 * n], SHAPES[n], 64 // n
        pairs = chunks(pairs_of(n), 128 // n)
        for sign in "su":
            def value(a, sign=sign, n=n):
                return scalar.signed(n, a) if sign == "s" else a
            for part, first in (("low", 0), ("high", half)):
                script.whole("%s.extend_%s_%s_%s" % (wide, part, narrow, sign), n, 2 * n,
                             [([a for a, _ in chunk],) for chunk in pairs[:6]],
                             lambda v: [value(a) for a in v[first:first + half]])
                script.whole("%s.extmul_%s_%s_%s" % (wide, part, narrow, sign), n, 2 * n,
                             [([a for a, _ in chunk], [b for _, b in chunk]) for chunk in pairs],
                             lambda v, w: [value(a) * value(b) for a, b in
                                           list(zip(v, w))[first:first + half]])
            if n < 32:
                script.whole("%s.extadd_pairwise_%s_%s" % (wide, narrow, sign), n, 2 * n,
                             [([x for pair in pairs_of(n)[i:i + half] for x in pair],)
                              for i in range(0, 240, half)],
                             lambda v: [value(a) + value(b) for a, b in zip(v[::2], v[1::2])])
    for n in (8, 16):
        values = [v & ones(2 * n) for k in range(-3, 4) for v in (
            k, ones(n) + k, (1 << (n - 1)) + k, -(1 << (n - 1)) + k, -ones(n) + k)] + edges(2 * n)
        lists = chunks(values, 64 // n)
        for sign, low, high in (("s", -(1 << (n - 1)), ones(n - 1)), ("u", 0, ones(n))):
            script.whole("%s.narrow_%s_%s" % (SHAPES[n], SHAPES[2 * n], sign), 2 * n, n,
                         list(zip(lists, lists[1:] + lists[:1])),
                         lambda v, w: [clamp(scalar.signed(2 * n, a), low, high) for a in v + w])
    s = [scalar.signed(16, a) for a in range(1 << 16)]
    script.whole("i32x4.dot_i16x8_s", 16, 32,
                 [([a for a, _ in c], [b for _, b in c]) for c in chunks(pairs_of(16), 8)] +
                 [([0x8000] * 8, [0x8000] * 8)],
                 lambda v, w: [s[v[i]] * s[w[i]] + s[v[i + 1]] * s[w[i + 1]] for i in range(0, 8, 2)])
    return script


def bits():
    script = Script()
    values = [0, ones(64), 0x0123456789abcdef, 0xf0f0f0f00f0f0f0f, 1 << 63, 0x5555555555555555]
    pairs = [(a, b) for a in values for b in values]
    script.operation("v128.not", ["v128"], "v128", [
        ((vector(64, v),), vector(64, [~a for a in v])) for v in chunks(values, 2)])
    for name, compute in (("and", lambda a, b: a & b), ("or", lambda a, b: a | b),
                          ("xor", lambda a, b: a ^ b), ("andnot", lambda a, b: a & ~b)):
        script.lanewise("v128." + name, 64, pairs, compute)
    triples = [(a, b, c) for a, b in pairs[::3] for c in values]
    script.operation("v128.bitselect", ["v128"] * 3, "v128", [
        ([vector(64, column) for column in zip(*chunk)],
         vector(64, [a & c | b & ~c for a, b, c in chunk])) for chunk in chunks(triples, 2)])
    table = [(7 * i + 3) & 255 for i in range(16)]
    script.whole("i8x16.swizzle", 8, 8, [
        (table, index) for index in chunks(range(256), 16) + [[15 - i for i in range(16)]]],
        lambda v, w: [v[i] if i < 16 else 0 for i in w])
    return script


# ---- floating point ----------------------------------------------------------------------

def pseudo_minimum(a, b):
    return b if b < a else a


def pseudo_maximum(a, b):
    return b if a < b else a


class FloatScript(Script):
    """With names for what depends on the width."""

    def __init__(self, n):
        super().__init__()
        self.n = n
        self.shape = "f32x4" if n == 32 else "f64x2"
        self.size = 128 // n
        self.signalling = "nan:" + ("0x200000" if n == 32 else "0x4000000000000")

    def lanes(self, texts):
        return ("v128", self.shape + " " + " ".join(texts))

    def arguments(self, values):
        return self.lanes([scalar.float_text(value) for value in values])

    def results(self, values):
        return self.lanes(["nan:canonical" if math.isnan(v) else
                           scalar.float_text(scalar.round_to(self.n, v)) for v in values])

    def edges(self):
        _, largest, smallest = scalar.float_edges(self.n)
        return [0.0, -0.0, 1.0, -1.0, scalar.round_to(self.n, -0.3), smallest, largest, math.inf,
                -math.inf, math.nan]


def rounding_edges(n):
    fraction = 23 if n == 32 else 52
    found = [0.0, 0.25, 0.5, math.nextafter(0.5, 0) if n == 64 else 0.5 - 2.0 ** -25, 0.75, 1.0,
             1.5, 2.5, 3.5, 4.0, 1e10, 2.0 ** -140, math.inf]
    for exponent in (fraction - 1, fraction, fraction + 1, 31, 32, 63):
        found += [2.0 ** exponent + k for k in (-1, -0.5, 0, 0.5, 1, 1.5)]
    found = [scalar.round_to(n, v) for v in found]
    return found + [-v for v in found] + [math.nan]


def float_arithmetic(script):
    n, shape = script.n, script.shape
    pairs = [(a, b) for a in script.edges() for b in script.edges()]
    for name, compute in scalar.FLOAT_BINARY.items():
        cases = [((script.arguments([a for a, _ in c]), script.arguments([b for _, b in c])),
                  script.results([compute(a, b) for a, b in c])) for c in chunks(pairs, script.size)]
        script.operation("%s.%s" % (shape, name), ["v128", "v128"], "v128", cases)
        for a, b in ((script.signalling, "1"), ("1", "-" + script.signalling)):
            script.returns("%s.%s" % (shape, name),
                           [script.lanes([a] * script.size), script.lanes([b] * script.size)],
                           script.lanes(["nan:arithmetic"] * script.size))
    values = rounding_edges(n) + [script.edges()[6], math.pi, 0.1, 1e-30]
    values = [scalar.round_to(n, v) for v in values]
    for name, compute in scalar.FLOAT_UNARY.items():
        cases = [((script.arguments(c),), script.results([compute(a) for a in c]))
                 for c in chunks(values, script.size)]
        script.operation("%s.%s" % (shape, name), ["v128"], "v128", cases)
        for sign in ("", "-"):
            script.returns("%s.%s" % (shape, name),
                           [script.lanes([sign + script.signalling] * script.size)],
                           script.lanes(["nan:arithmetic"] * script.size))


def float_bits(script):
    """What compares, selects and changes signs; NaN keeps its bits."""
    shape, snan = script.shape, script.signalling
    pairs = [(a, b) for a in script.edges() for b in script.edges()]
    for name, compare in scalar.FLOAT_RELATIONS.items():
        cases = [((script.arguments([a for a, _ in c]), script.arguments([b for _, b in c])),
                  vector(script.n, [-int(compare(a, b)) for a, b in c]))
                 for c in chunks(pairs, script.size)]
        script.operation("%s.%s" % (shape, name), ["v128", "v128"], "v128", cases)
    texts = ["0", "-0", "1", "-1", "inf", "-inf", "0x1p-126", "nan", snan, "-" + snan, "-nan:0x1"]
    for name, choose in (("pmin", pseudo_minimum), ("pmax", pseudo_maximum)):
        def chosen(a, b, choose=choose):
            x, y = [math.nan if "nan" in t else float.fromhex(t) for t in (a, b)]
            return a if choose(x, y) is x else b
        both = [(a, b) for a in texts for b in texts if a != b]
        script.operation("%s.%s" % (shape, name), ["v128", "v128"], "v128", [
            ((script.lanes([a for a, _ in c]), script.lanes([b for _, b in c])),
             script.lanes([chosen(a, b) for a, b in c])) for c in chunks(both, script.size)])
    for name, change in (("abs", lambda t: t.lstrip("-")),
                         ("neg", lambda t: t[1:] if t[0] == "-" else "-" + t)):
        script.operation("%s.%s" % (shape, name), ["v128"], "v128", [
            ((script.lanes(c),), script.lanes([change(t) for t in c]))
            for c in chunks(texts, script.size)])


def float_folding(script):
    """What a C compiler would like to leave out, and the quieting of a NaN with it."""
    shape, snan, size = script.shape, script.signalling, script.size
    lane = shape[:3]
    folds = (("mul", "1"), ("div", "1"), ("mul", "-1"), ("div", "-1"), ("add", "-0"), ("sub", "0"))
    ways = {
        "constant": "(v128.const %s)" % " ".join([shape] + ["%(c)s"] * size),
        "splat": "(%s.splat (%s.const %%(c)s))" % (shape, lane),
        "lane": "(%s.replace_lane 0 (v128.const %s) (%s.const %%(c)s))" % (
            shape, " ".join([shape] + ["%(c)s"] * size), lane),
        "local": "(local.tee 1 (v128.const %s))" % " ".join([shape] + ["%(c)s"] * size),
    }
    for operation, constant in folds:
        for way, text in ways.items():
            name = "%s %s %s" % (operation, constant, way)
            script.function(name, ["v128"], "v128", "(local v128) (%s.%s (local.get 0) %s)" % (
                shape, operation, text % {"c": constant}))
            script.returns(name, [script.lanes([snan] * size)],
                           script.lanes(["nan:arithmetic"] * size))
            sign = "-" if constant == "-1" else ""
            script.returns(name, [script.lanes(["2.5"] * size)], script.lanes([sign + "2.5"] * size))
    zeros = {"zero local": "(local.get 1)",
             "loaded zero": "(v128.load%d_zero (i32.const 64))" % script.n,
             "-0 minus": None}
    for name, text in zeros.items():
        body = "(%s.sub (local.get 0) %s)" % (shape, text) if text else \
            "(%s.sub (v128.const %s) (local.get 0))" % (shape, " ".join([shape] + ["-0"] * size))
        script.function(name, ["v128"], "v128", "(local v128) " + body)
        script.function(name + " lane", ["v128"], lane, "(local v128) (%s.extract_lane %d %s)" % (
            shape, size - 1, body))
        script.returns(name, [script.lanes([snan] * size)], script.lanes(["nan:arithmetic"] * size))
        script.returns(name + " lane", [script.lanes([snan] * size)], (lane, "nan:arithmetic"))
    fraction, largest, _ = scalar.float_edges(script.n)
    script.function("x*y+z", ["v128"] * 3, "v128", "(%s.add (%s.mul (local.get 0) (local.get 1))"
                    " (local.get 2))" % (shape, shape))
    tiny = 2.0 ** -fraction
    product = scalar.round_to(script.n, (1 + tiny) * (1 - tiny))
    script.returns("x*y+z", [script.arguments([v] * size) for v in (1 + tiny, 1 - tiny, -1.0)],
                   script.arguments([product - 1] * size))
    script.function("(x+y)+z", ["v128"] * 3, "v128", "(%s.add (%s.add (local.get 0) (local.get 1))"
                    " (local.get 2))" % (shape, shape))
    script.returns("(x+y)+z", [script.arguments([v] * size) for v in (largest, largest, -largest)],
                   script.lanes(["inf"] * size))


def floats(n):
    script = FloatScript(n)
    float_arithmetic(script)
    float_bits(script)
    float_folding(script)
    return script


# ---- conversions -------------------------------------------------------------------------

def saturated(value, sign):
    if math.isnan(value):
        return 0
    low, high = (-(1 << 31), ones(31)) if sign == "s" else (0, ones(32))
    return clamp(int(math.trunc(clamp(value, -1e300, 1e300))), low, high)


def conversions():
    script = Script()
    single, double = FloatScript(32), FloatScript(64)
    limits = [0.0, 0.9, 1.5, 2.0 ** 31 - 128, 2.0 ** 31, 2.0 ** 31 + 256, 2.0 ** 32 - 256, 2.0 ** 32,
              1e20, math.inf, 2.0 ** 31 - 1, 2.0 ** 31 - 0.5, 2.0 ** 32 - 1, 2.0 ** 32 - 0.5,
              2.0 ** 31 + 0.5, 2.0 ** 31 + 1]
    limits = limits + [-v for v in limits] + [math.nan, -0.999]
    for sign in "su":
        values = [scalar.round_to(32, v) for v in limits]
        script.operation("i32x4.trunc_sat_f32x4_" + sign, ["v128"], "v128", [
            ((single.arguments(c),), vector(32, [saturated(v, sign) for v in c]))
            for c in chunks(values, 4)])
        script.operation("i32x4.trunc_sat_f64x2_%s_zero" % sign, ["v128"], "v128", [
            ((double.arguments(c),), vector(32, [saturated(v, sign) for v in c] + [0, 0]))
            for c in chunks(limits, 2)])
        integers_ = [scalar.signed(32, v) if sign == "s" else v for v in edges(32) + [
            0x1000001, 0x1000003, 0x7fffffbf, 0x7fffffc0, 0xffffff7f, 0xffffff80, 0x80000080,
            0x80000081, 0x80000180, 0xfeffffff]]
        script.operation("f32x4.convert_i32x4_" + sign, ["v128"], "v128", [
            ((vector(32, c),), single.arguments([scalar.round_to(32, float(v)) for v in c]))
            for c in chunks(integers_, 4)])
        script.operation("f64x2.convert_low_i32x4_" + sign, ["v128"], "v128", [
            ((vector(32, c + [7, 7]),), double.arguments([float(v) for v in c]))
            for c in chunks(integers_, 2)])
    half_step = float.fromhex("0x1.ffffffp+127")
    sizes = [0.0, -0.0, 1.0, 1e300, -1e300, 1e-300, -1e-300, half_step, math.nextafter(half_step, 0),
             1 + 2.0 ** -24, 1 + 2.0 ** -24 + 2.0 ** -52, 2.0 ** -150, 2.0 ** -150 * 1.5, math.inf,
             -math.inf, math.nan]
    script.operation("f32x4.demote_f64x2_zero", ["v128"], "v128", [
        ((double.arguments(c),), single.results([scalar.round_to(32, v) for v in c] + [0.0, 0.0]))
        for c in chunks(sizes, 2)])
    small = [0.0, -0.0, 1.5, 2.0 ** -149, float.fromhex("0x1.fffffep+127"), -math.inf, math.nan, 0.1]
    small = [scalar.round_to(32, v) for v in small]
    script.operation("f64x2.promote_low_f32x4", ["v128"], "v128", [
        ((single.arguments(c + [9.0, 9.0]),), double.results(c)) for c in chunks(small, 2)])
    for name, operand, result in (("f32x4.demote_f64x2_zero", double, single),
                                  ("f64x2.promote_low_f32x4", single, double)):
        script.returns(name, [operand.lanes([operand.signalling] * operand.size)], result.lanes(
            ["nan:arithmetic"] * 2 + ["0"] * (result.size - 2)))
    script.function("there and back", ["v128"], "v128",
                    "(f32x4.demote_f64x2_zero (f64x2.promote_low_f32x4 (local.get 0)))")
    script.returns("there and back", [single.lanes([single.signalling] * 4)],
                   single.lanes(["nan:arithmetic", "nan:arithmetic", "0", "0"]))
    return script


def main():
    scripts = {"simd-integers": integers(), "simd-widths": widths(), "simd-bits": bits(),
               "simd-f32x4": floats(32), "simd-f64x2": floats(64), "simd-conversions": conversions()}
    for name, script in scripts.items():
        with open(os.path.join(sys.argv[1], name + ".wast"), "w", encoding="utf-8") as file:
            file.write(script.text())


if __name__ == "__main__":
    main()
