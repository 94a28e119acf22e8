# SPDX-License-Identifier: Apache-2.0
"""What Krait claims of WebAssembly, and which files of the core test suite need more.

This is the one list of features that tests go by: tests/spec/run takes from it which scripts
must pass and which must be refused by name, tests/spec/differential which instructions random
modules may use. A feature that lands moves to CLAIMED, and its files have to pass from then on.
"""
import fnmatch

# WebAssembly 2.0 without what is named here is always claimed.
CLAIMED = {"SIMD", "tail calls", "threads", "multiple memories", "extended constants"}

SIMD = "SIMD"
RELAXED = "relaxed SIMD"
TAIL = "tail calls"
THREADS = "threads"
MEMORIES = "multiple memories"
CONSTANTS = "extended constants"
EXCEPTIONS = "exception handling"
REFS = "typed function references"
GC = "garbage collection"
MEMORY64 = "memory64"
PAGES = "custom page sizes"
WIDE = "wide arithmetic"
DESCRIPTORS = "custom descriptors"

# What a file needs beyond WebAssembly 2.0 without SIMD; the first pattern that fits decides.
# "3.0/" stands for both wasm-v3/ and wasm-latest/. Every feature here is one that the modules of
# the file are refused for when it is not claimed: tests/spec/run checks that too.
NEEDS = [
    ("proposals/simd/simd_memory-multi", SIMD, MEMORIES),
    ("proposals/simd/*", SIMD),
    ("proposals/annotations/simd_lane", SIMD),
    ("proposals/memory64/simd_address", SIMD),
    ("proposals/relaxed-simd/*", RELAXED, SIMD),
    ("proposals/tail-call/*", TAIL),
    ("proposals/function-references/return_call_ref", REFS, TAIL),
    ("proposals/function-references/return_call*", TAIL),
    ("3.0/return_call_ref", REFS, TAIL),
    ("wasm-v3/return_call*", TAIL),
    ("wasm-latest/return_call*", TAIL, REFS),
    ("proposals/threads/*", THREADS),
    ("proposals/multi-memory/*", MEMORIES),
    ("proposals/extended-const/*", CONSTANTS),
    ("proposals/exceptions/*", EXCEPTIONS, REFS, GC),
    ("proposals/memory64/*64", MEMORY64),
    ("proposals/memory64/binary-leb128", MEMORY64),
    ("proposals/custom-page-sizes/binary",),
    ("proposals/custom-page-sizes/*", PAGES),
    ("proposals/wide-arithmetic/*", WIDE),
    ("proposals/custom-descriptors/binary",),
    ("proposals/custom-descriptors/*", DESCRIPTORS, GC, REFS),
    ("proposals/gc/binary-gc",),
    ("proposals/gc/*", GC, REFS),
    ("proposals/bulk-memory/table-sub", REFS),
    ("proposals/bulk-memory/table_init", GC),
    ("3.0/data", CONSTANTS),
    ("3.0/elem", REFS, CONSTANTS),
    ("3.0/global", REFS, CONSTANTS),
    ("3.0/imports", EXCEPTIONS),
    ("3.0/instance", EXCEPTIONS, REFS),
    ("3.0/ref_null", GC),
    ("3.0/table", REFS),
    ("3.0/type-*", GC, REFS),
    ("proposals/function-references/type-equivalence", REFS),
] + [("%s/%s" % (folder, name), REFS)
     for folder in ("3.0", "proposals/function-references")
     for name in ("br_on_*", "br_table", "call_ref", "elem", "linking", "local_init", "ref",
                  "ref_as_non_null", "ref_is_null", "ref_null", "table", "table-sub",
                  "unreached-valid")]

# Commands of older versions that a later one made wrong. By the text of a refusal: those modules
# are accepted by now, or refused for another reason, so nothing is asserted about them.
OUTDATED_TEXTS = {
    "multiple tables": None,  # reference types
    "multiple memories": MEMORIES,
    "zero byte expected": MEMORIES,  # it is the index of a memory, of any length
    "zero flag expected": MEMORIES,
}
# By file and line.
OUTDATED_LINES = {
    # The labels of an unreachable br_table may have different types since WebAssembly 2.0.
    "proposals/reference-types/unreached-invalid": {540},
    # Segments before the one that does not fit are written since WebAssembly 2.0.
    "proposals/mutable-global/linking": {236, 248, 342, 354},
}
# What is valid but beyond a limit of the implementation (aot/limits.h), by file and line.
LIMITS = {
    "wasm-v3/table": {9},  # a table of 2^32-1 entries
    "wasm-latest/table": {9},
}


def needs(name):
    """The features that a file needs beyond WebAssembly 2.0 without SIMD."""
    names = [name]
    for prefix in ("wasm-v3/", "wasm-latest/"):
        if name.startswith(prefix):
            names.append("3.0/" + name[len(prefix):])
    for pattern, *features in NEEDS:
        if any(fnmatch.fnmatchcase(n, pattern) for n in names):
            return features
    return []


def missing(name):
    """Those of them that Krait does not claim: such a file's modules are refused by name."""
    return [feature for feature in needs(name) if feature not in CLAIMED]


def is_outdated(name, command):
    """Whether a later version of WebAssembly made a command wrong."""
    if command["line"] in OUTDATED_LINES.get(name, ()):
        return True
    text = command.get("text")
    if not command["type"].startswith(("assert_invalid", "assert_malformed")):
        return False
    if text not in OUTDATED_TEXTS:
        return False
    return OUTDATED_TEXTS[text] is None or OUTDATED_TEXTS[text] in CLAIMED


def is_beyond_limits(name, command):
    return command["line"] in LIMITS.get(name, ())
