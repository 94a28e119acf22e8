#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for fuzz_pool: frames as host/pool/wire.h describes them, written without its code.

Usage: pool_seeds.py FOLDER VERSION
"""
import os
import struct
import sys


def u32(*values):
    return struct.pack("<%dI" % len(values), *values)


def u64(*values):
    return struct.pack("<%dQ" % len(values), *values)


def data(value):
    return u64(len(value)) + value + b"\0"


def rows(*values):
    return u32(len(values)) + b"".join(values)


def frame(kind, payload):
    return u32(kind, 0) + u64(len(payload)) + payload


def done(number, files=(), code=0, error=b"", kind=5, limit=0, value=None):
    return frame(20, u64(number) + u32(code, 0) + data(error) + u32(kind, 0, 0, limit, 0) +
                 u64(0, 1, 2, 3) + data(b"out") + data(b"err") +
                 u32(value is not None) + data(value or b"") + data(b"message") + data(b"trace\n") +
                 rows(*(u32(status) + data(text) for status, text in files)))


def seeds(version):
    limits = rows(*(u64(30 * 10 ** 9) for _ in range(17)))
    yield "open", frame(1, u32(1) + data(version) + data(b"/python") + data(b"/python/python.krt") +
                        u32(2) + u64(1 << 20) + rows(data(b"python")) + rows(data(b"A=b")) +
                        rows(data(b"name"), data(b"/guest")) +
                        rows(data(b"/host") + data(b"/guest") + u32(1, 0)) +
                        rows(data(b"function")) + limits + u32(0) +
                        u32(1) + u64(5, 6) + data(b"in"))
    yield "open-version", frame(1, u32(2) + data(version))
    yield "job", frame(2, u64(7, 1, 2, 3, 4) + u32(1) + data(b"print(1)") + data(b"f") + u32(0) +
                       data(b"[1]") + rows(data(b"/in") + data(b"x")) + rows(data(b"/out")))
    yield "job-no-code", frame(2, u64(7, 0, 0, 0, 0) + u32(0) + data(b"") + data(b"f") + u32(1) +
                               data(b"\0") + rows() + rows())
    yield "cancel", frame(3, u64(7))
    yield "answer", frame(4, u64(7) + u32(1, 1, 0) + data(b"42"))
    yield "answer-failed", frame(4, u64(7) + u32(1, 2, 10) + data(b"ValueErrortext"))
    yield "ready", frame(16, u32(2) + u64(4096, 0))
    yield "failed", frame(17, u32(8, 2) + data(b"there is no file"))
    yield "begun", frame(18, u64(7))
    yield "call", frame(19, u64(7) + u32(1, 0, 0) + data(b"[]"))
    yield "done", done(7)
    yield "done-value", done(7, value=b"3")
    yield "done-files", done(7, files=((0, b"bytes"), (8, b"")))
    yield "done-limit", done(7, kind=3, limit=1)
    yield "done-error", done(7, code=4, error=b"too large")
    yield "large", frame(16, b"")[:8] + u64(1 << 40)
    yield "talk", (frame(16, u32(1) + u64(0, 0)) + frame(18, u64(7)) +
                   frame(19, u64(7) + u32(1, 0, 0) + data(b"[]")) + done(7))


def main():
    folder, version = sys.argv[1], sys.argv[2].encode()
    os.makedirs(folder, exist_ok=True)
    for name, content in seeds(version):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(content)


if __name__ == "__main__":
    main()
