# SPDX-License-Identifier: Apache-2.0
"""Checks a program for WASI: check_wasm.py [--stack BYTES] FILE IMPORTS

FILE has to be a WebAssembly module that imports what the list IMPORTS has (one "module name"
per line, # starts a comment), exports _start, memory and krait_signal (guest/main/main.c),
the calls of a session when it imports from krait_host, else krait_pack_slot, and nothing
else, has one memory without a maximum and its stack, 8 MiB, at its beginning (so that an
overflow traps), and keeps its function names. Prints what is wrong, one line each; exit
status 1. --list FILE prints the imports in the form of the list.
"""
import sys

EXPORTS = ["_start", "krait_signal", "memory"]
# Of the portable program: where files can be packed (guest/pack).
SLOT = ["krait_pack_slot"]
# Of a program that only krait runs: it is a session, too (guest/session).
SESSION = ["krait_call", "krait_exec", "krait_init", "krait_main", "krait_resume",
           "krait_script"]
STACK = 8 << 20


class Reader:
    def __init__(self, data, start=0, end=None):
        self.data = data
        self.at = start
        self.end = len(data) if end is None else end

    def byte(self):
        if self.at >= self.end:
            raise ValueError("unexpected end at offset %d" % self.at)
        self.at += 1
        return self.data[self.at - 1]

    def u32(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value
            if shift > 28:
                raise ValueError("number too long at offset %d" % self.at)

    def s32(self):
        value = shift = 0
        while True:
            b = self.byte()
            value |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                return value - (1 << shift) if b & 0x40 else value

    def name(self):
        size = self.u32()
        if self.at + size > self.end:
            raise ValueError("name too long at offset %d" % self.at)
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8")

    def limits(self):
        flags = self.byte()
        least = self.u32()
        return flags, least, self.u32() if flags & 1 else None

    def skip_import_type(self):
        kind = self.byte()
        if kind == 0:
            self.u32()
        elif kind == 1:
            self.byte()
            self.limits()
        elif kind == 2:
            self.limits()
        elif kind == 3:
            self.byte()
            self.byte()
        else:
            raise ValueError("unknown kind of import at offset %d" % self.at)


def sections(data):
    """Yields (id, custom section's name, reader over the contents)."""
    if data[:8] != b"\0asm\1\0\0\0":
        raise ValueError("not a WebAssembly module (header %r)" % data[:8])
    r = Reader(data, 8)
    while r.at < r.end:
        kind = r.byte()
        size = r.u32()
        if r.at + size > r.end:
            raise ValueError("section of %d bytes at offset %d is cut off" % (size, r.at))
        part = Reader(data, r.at, r.at + size)
        yield kind, part.name() if kind == 0 else "", part
        r.at += size


def describe(data):
    info = {"imports": [], "exports": [], "memories": [], "customs": [], "functions": 0,
            "stack": None}
    for kind, custom, r in sections(data):
        if kind == 0:
            info["customs"].append(custom)
        elif kind == 2:
            for _ in range(r.u32()):
                info["imports"].append(r.name() + " " + r.name())
                r.skip_import_type()
        elif kind == 3:
            info["functions"] = r.u32()
        elif kind == 5:
            for _ in range(r.u32()):
                info["memories"].append(r.limits())
        elif kind == 6 and r.u32() > 0:
            # The first global is the stack pointer: (mut i32) (i32.const N).
            if (r.byte(), r.byte(), r.byte()) == (0x7F, 1, 0x41):
                info["stack"] = r.s32()
        elif kind == 7:
            for _ in range(r.u32()):
                info["exports"].append(r.name())
                r.byte()
                r.u32()
    return info


def read_list(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.split("#")[0].split() for line in f]
    return {" ".join(words) for words in lines if words}


def problems(info, allowed, stack=STACK):
    for name in sorted(set(info["imports"]) - allowed):
        yield "import '%s' is not in the list" % name
    for name in sorted(allowed - set(info["imports"])):
        yield "import '%s' is in the list, but the module does not have it" % name
    more = SESSION if any(name.startswith("krait_host ") for name in allowed) else SLOT
    if sorted(info["exports"]) != sorted(EXPORTS + more):
        yield "exports are %s, expected %s" % (sorted(info["exports"]), sorted(EXPORTS + more))
    if len(info["memories"]) != 1:
        yield "%d memories" % len(info["memories"])
    elif info["memories"][0][2] is not None:
        yield "the memory has a maximum of %d pages" % info["memories"][0][2]
    if info["stack"] != stack:
        yield "the stack starts at %s, expected %d" % (info["stack"], stack)
    if info["functions"] == 0:
        yield "no functions"
    if "name" not in info["customs"]:
        yield "no function names (custom section 'name')"
    for name in info["customs"]:
        if name.startswith(".debug"):
            yield "custom section '%s' was not removed" % name


def main(argv):
    stack = STACK
    if len(argv) == 5 and argv[1] == "--stack" and argv[2].isdigit():
        stack = int(argv[2])
        del argv[1:3]
    if len(argv) != 3:
        sys.exit(__doc__)
    listing = argv[1] == "--list"
    path = argv[2] if listing else argv[1]
    try:
        with open(path, "rb") as f:
            info = describe(f.read())
    except (OSError, ValueError, UnicodeDecodeError) as e:
        sys.exit("%s: %s" % (path, e))
    if listing:
        print("\n".join(sorted(info["imports"])))
        return 0
    found = list(problems(info, read_list(argv[2]), stack))
    for line in found:
        print("%s: %s" % (path, line), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
