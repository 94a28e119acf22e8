# SPDX-License-Identifier: Apache-2.0
"""recipes/cpython/check_wasm.py over small modules made by hand."""
import os
import subprocess
import sys
import tempfile

TOOL = os.path.join(os.environ["KRAIT_SOURCE_DIR"], "recipes", "cpython", "check_wasm.py")
failures = 0


def u32(n):
    out = b""
    while True:
        out += bytes([n & 0x7F | (0x80 if n > 0x7F else 0)])
        n >>= 7
        if n == 0:
            return out


def s32(n):
    out = b""
    while True:
        byte, n = n & 0x7F, n >> 7
        done = (n == 0 and not byte & 0x40) or (n == -1 and byte & 0x40)
        out += bytes([byte if done else byte | 0x80])
        if done:
            return out


def name(text):
    return u32(len(text.encode())) + text.encode()


def section(kind, body):
    return bytes([kind]) + u32(len(body)) + body


def vector(items):
    return u32(len(items)) + b"".join(items)


# Kind and number of exports that are no functions: a memory, a global.
KINDS = {"memory": b"\2\0", "krait_pack_slot": b"\3\0"}


def module(imports=("wasi_snapshot_preview1 fd_write",), exports=("_start", "krait_pack_slot", "krait_signal", "memory"),
           memory=b"\0\1", stack=8 << 20, customs=("name",), kind=b"\0\0"):
    parts = [section(1, vector([b"\x60\0\0"]))]
    parts.append(section(2, vector([name(i.split()[0]) + name(i.split()[1]) + kind for i in imports])))
    parts.append(section(3, vector([b"\0"])))
    parts.append(section(5, vector([memory])))
    parts.append(section(6, vector([b"\x7f\1\x41" + s32(stack) + b"\x0b"])))
    parts.append(section(7, vector([name(e) + KINDS.get(e, b"\0\1") for e in exports])))
    parts.append(section(10, vector([b"\2\0\x0b"])))
    parts += [section(0, name(c)) for c in customs]
    return b"\0asm\1\0\0\0" + b"".join(parts)


def run(data, *args):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.wasm")
        with open(path, "wb") as f:
            f.write(data)
        listing = os.path.join(folder, "imports")
        with open(listing, "w", encoding="utf-8") as f:
            f.write("# a comment\nwasi_snapshot_preview1 fd_write # and one here\n\n")
        args = [path if a == "FILE" else listing if a == "LIST" else a for a in args]
        p = subprocess.run([sys.executable, TOOL] + args, capture_output=True, text=True, check=False)
        return p.returncode, p.stdout, p.stderr


def expect(what, data, text):
    """The module is refused with that text; with None it is accepted."""
    global failures
    code, _, err = run(data, "FILE", "LIST")
    good = code == 0 and not err if text is None else code == 1 and text in err and "Traceback" not in err
    if not good:
        failures += 1
        print("failed: %s: exit status %d, %s" % (what, code, err))


def main():
    expect("a good one", module(), None)
    expect("an import too many", module(imports=("wasi_snapshot_preview1 fd_write", "env f")),
           "import 'env f' is not in the list")
    expect("an import too few", module(imports=()), "but the module does not have it")
    expect("the table", module(exports=("_start", "krait_pack_slot", "krait_signal", "memory", "__indirect_function_table")),
           "__indirect_function_table")
    expect("no memory export", module(exports=("_start", "krait_pack_slot", "krait_signal")), "exports are")
    expect("nowhere to put a pack", module(exports=("_start", "krait_signal", "memory")), "exports are")
    expect("a maximum", module(memory=b"\1\1\2"), "maximum of 2 pages")
    expect("a small stack", module(stack=65536), "the stack starts at 65536")
    expect("no names", module(customs=()), "no function names")
    expect("debug information", module(customs=("name", ".debug_info")), "'.debug_info' was not removed")
    expect("an import of a memory", module(kind=b"\2\0\1"), None)
    expect("no module", b"\x7fELF", "not a WebAssembly module")
    good = module()
    for end in range(8, len(good)):
        code, _, err = run_cut(good[:end])
        if code == 0 or "Traceback" in err:
            report("cut at %d" % end, code, err)
    session = ("_start", "krait_call", "krait_exec", "krait_init", "krait_main", "krait_resume", "krait_script",
               "krait_signal", "memory")
    expect("a session without its imports", module(exports=session), "exports are")
    found = list(check_wasm_problems(module(imports=("krait_host f",), exports=session), {"krait_host f"}))
    if found:
        report("a session", 1, found)
    code, out, _ = run(module(), "--list", "FILE")
    if (code, out) != (0, "wasi_snapshot_preview1 fd_write\n"):
        report("--list", code, out)
    sys.exit(1 if failures else 0)


def check_wasm_problems(data, allowed):
    """In this process: one interpreter per byte would take long."""
    sys.path.insert(0, os.path.dirname(TOOL))
    import check_wasm
    return check_wasm.problems(check_wasm.describe(data), allowed)


def run_cut(data):
    try:
        found = list(check_wasm_problems(data, {"wasi_snapshot_preview1 fd_write"}))
    except ValueError:
        return 1, "", ""
    return (1 if found else 0), "", ""


def report(what, code, text):
    global failures
    failures += 1
    print("failed: %s: exit status %d, %s" % (what, code, text))


main()
