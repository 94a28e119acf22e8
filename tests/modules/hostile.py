#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes modules that are valid but costly to compile.

Usage: hostile.py SHAPE COUNT FILE

Shapes, each one exported function `_start` that can be run:
  straight   COUNT additions in a line
  branches   COUNT blocks that are left early
  locals     COUNT locals, each changed in one of as many branches inside of a loop
  nested     COUNT blocks in each other, left at every depth
  loops      COUNT loops in each other
  table      one br_table with COUNT targets
  dispatch   a loop around a br_table with COUNT cases, which all change the same locals
  memory     COUNT loads and stores at addresses that nobody can tell apart
  calls      COUNT calls with 200 arguments
  functions  COUNT functions that call their neighbour
"""
import sys

I32, VOID = 0x7f, 0x40
BLOCK, LOOP, END, BR_IF, BR_TABLE, CALL = 0x02, 0x03, 0x0b, 0x0d, 0x0e, 0x10
GET, SET, TEE, LOAD, STORE, CONST = 0x20, 0x21, 0x22, 0x28, 0x36, 0x41
ADD, MUL, LT = 0x6a, 0x6c, 0x49


def leb(n):
    out = bytearray()
    while True:
        byte = n & 0x7f
        n >>= 7
        if n == 0:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def const(n):
    out = bytearray([CONST])
    while True:
        byte = n & 0x7f
        n >>= 7
        if (n == 0 and not byte & 0x40) or (n == -1 and byte & 0x40):
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def op(code, *numbers):
    return bytes([code]) + b"".join(leb(n) for n in numbers)


def vector(items):
    return leb(len(items)) + b"".join(items)


def section(number, content):
    return bytes([number]) + leb(len(content)) + content


def body(locals_count, code):
    groups = vector([leb(locals_count) + bytes([I32])] if locals_count else [])
    content = groups + code + bytes([END])
    return leb(len(content)) + content


def module(bodies, types, first_type=0):
    """Function 0 is _start () -> (); the others have type 1."""
    funcs = [leb(first_type)] + [leb(1)] * (len(bodies) - 1)
    return (b"\0asm\1\0\0\0" + section(1, vector(types)) + section(3, vector(funcs)) +
            section(5, vector([b"\0\1"])) +
            section(7, vector([b"\x06_start\0\0", b"\x06memory\2\0"])) +
            section(10, vector(bodies)))


NOTHING = b"\x60\0\0"


def straight(n):
    step = [op(GET, 0) + const(i * 7919 % 100003) + op(ADD) + op(SET, 0) for i in range(n)]
    return module([body(1, b"".join(step) + const(0) + op(GET, 0) + op(STORE, 2, 0))], [NOTHING])


def branches(n):
    step = b"".join(
        op(BLOCK) + bytes([VOID]) + op(GET, i % 8) + const(i) + op(LT) + op(BR_IF, 0) +
        op(GET, (i + 1) % 8) + const(i) + op(MUL) + op(SET, i % 8) + bytes([END])
        for i in range(n))
    return module([body(8, step + const(0) + op(GET, 3) + op(STORE, 2, 0))], [NOTHING])


def many_locals(n):
    step = b"".join(
        op(BLOCK) + bytes([VOID]) + const(i * 4 % 65536) + op(LOAD, 2, 0) + op(BR_IF, 0) +
        op(GET, (i * 31 + 7) % n) + op(GET, i) + op(ADD) + op(SET, i) + bytes([END])
        for i in range(n))
    loop = op(LOOP) + bytes([VOID]) + step + const(0) + op(LOAD, 2, 0) + op(BR_IF, 0) + bytes([END])
    keep = b"".join(const(i * 4 % 65536) + op(GET, i) + op(STORE, 2, 0) for i in range(n))
    return module([body(n, loop + keep)], [NOTHING])


def nested(n):
    code = (op(BLOCK) + bytes([VOID])) * n
    for depth in range(n):
        code += const(depth % 65536) + op(LOAD, 0, 0) + op(BR_IF, n - 1 - depth) + bytes([END])
    return module([body(0, code)], [NOTHING])


def loops(n):
    code = (op(LOOP) + bytes([VOID]) + op(GET, 0) + const(1) + op(ADD) + op(SET, 0)) * n
    code += (const(0) + op(LOAD, 2, 0) + op(BR_IF, 0) + bytes([END])) * n
    return module([body(1, code + const(0) + op(GET, 0) + op(STORE, 2, 0))], [NOTHING])


def table(n):
    depth = 50
    targets = vector([leb(i * 7 % depth) for i in range(n)]) + leb(0)
    code = (op(BLOCK) + bytes([VOID])) * depth + const(0) + op(LOAD, 2, 0) + bytes([BR_TABLE])
    code += targets
    for i in range(depth):
        code += bytes([END]) + op(GET, 0) + const(i) + op(ADD) + op(SET, 0)
    return module([body(1, code + const(4) + op(GET, 0) + op(STORE, 2, 0))], [NOTHING])


def dispatch(n):
    width = 64
    code = op(LOOP) + bytes([VOID]) + (op(BLOCK) + bytes([VOID])) * (n + 1)
    code += op(GET, 0) + bytes([BR_TABLE]) + vector([leb(i) for i in range(n)]) + leb(n)
    for i in range(n):
        code += bytes([END])
        code += b"".join(op(GET, (i + k) % width) + op(GET, (i * 7 + k) % width) + op(ADD) +
                         op(SET, (i * 3 + k) % width) for k in range(6))
        code += const(i % 65536 // 4 * 4) + op(LOAD, 2, 0) + op(TEE, 0) + op(BR_IF, n - i)
    code += bytes([END]) + bytes([END])
    return module([body(width, code + const(0) + op(GET, 1) + op(STORE, 2, 0))], [NOTHING])


def memory(n):
    code = b"".join(
        const(i * 4 % 60000) + op(LOAD, 2, 0) + op(SET, 0) +
        op(GET, 0) + const(i * 12 % 60000) + op(LOAD, 2, 4) + op(STORE, 2, 0) for i in range(n))
    return module([body(1, code)], [NOTHING])


def calls(n):
    wide = b"\x60" + vector([bytes([I32])] * 200) + vector([bytes([I32])])
    call = b"".join(op(GET, i % 3) for i in range(200)) + op(CALL, 1) + op(SET, 0)
    start = call * n + const(0) + op(GET, 0) + op(STORE, 2, 0)
    return module([body(3, start), body(0, op(GET, 0) + op(GET, 199) + op(ADD))],
                  [NOTHING, wide])


def functions(n):
    one = b"\x60" + vector([bytes([I32])]) + vector([bytes([I32])])
    bodies = [body(0, const(1) + op(CALL, 1) + bytes([0x1a]))]
    for i in range(1, n):
        last = op(CALL, i + 1) if i + 1 < n else b""
        bodies.append(body(0, op(GET, 0) + const(i) + op(ADD) + last))
    return module(bodies, [NOTHING, one])


SHAPES = {"straight": straight, "branches": branches, "locals": many_locals, "nested": nested,
          "loops": loops, "table": table, "dispatch": dispatch, "memory": memory, "calls": calls,
          "functions": functions}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    with open(sys.argv[3], "wb") as file:
        file.write(SHAPES[sys.argv[1]](int(sys.argv[2])))
