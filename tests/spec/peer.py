#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wasmtime behind the commands of tests/aot/wasm_run.c, for tests/spec/differential.

Usage: PYTHONPATH=(folder of the wasmtime package) peer.py

  module ID PATH           a .wasm file          ok | failed TEXT
  call ID NAME RESULTS ..  as in wasm_run, but with the number of results before the arguments:
                           the package cannot say what type a function with vectors has
  get, memory, table       as in wasm_run; the words for traps are Krait's

Numbers go through the C API's union: the package's own conversion quietens NaNs.
"""
import ctypes
import hashlib
import sys

import wasmtime
from wasmtime import _bindings as ffi

KINDS = ["i32", "i64", "f32", "f64", "v128", "funcref", "externref"]
TRAPS = {
    "STACK_OVERFLOW": "call stack exhausted",
    "MEMORY_OUT_OF_BOUNDS": "out of bounds memory access",
    "HEAP_MISALIGNED": "unaligned atomic",
    "TABLE_OUT_OF_BOUNDS": "out of bounds table access",
    "INDIRECT_CALL_TO_NULL": "uninitialized element",
    "BAD_SIGNATURE": "indirect call type mismatch",
    "INTEGER_OVERFLOW": "integer overflow",
    "INTEGER_DIVISION_BY_ZERO": "integer divide by zero",
    "BAD_CONVERSION_TO_INTEGER": "invalid conversion to integer",
    "UNREACHABLE": "unreachable",
    "ATOMIC_WAIT_NON_SHARED_MEMORY": "expected shared memory",
}


def new_engine():
    config = wasmtime.Config()
    for feature in ("wasm_threads", "shared_memory", "wasm_tail_call", "wasm_simd",
                    "wasm_multi_memory", "wasm_bulk_memory", "wasm_multi_value"):
        setattr(config, feature, True)
    return wasmtime.Engine(config)


def trap_text(trap):
    code = trap.trap_code
    return TRAPS.get(code.name, code.name) if code is not None else trap.message.splitlines()[0]


def pack(word):
    kind, _, bits = word.partition(":")
    value = ffi.wasmtime_val_t()
    value.kind = KINDS.index(kind)
    if kind == "v128":
        value.of.v128[:] = bytes.fromhex(bits)
    elif kind in ("i32", "f32"):
        value.of.i32 = ctypes.c_int32(int(bits)).value
    elif kind in ("i64", "f64"):
        value.of.i64 = ctypes.c_int64(int(bits)).value
    elif bits != "null":
        raise ValueError("a reference that is not null")
    return value  # all zero: the null reference


def unpack(value):
    kind = KINDS[value.kind]
    if kind == "v128":
        return "v128:" + bytes(value.of.v128).hex()
    if kind in ("i32", "f32"):
        return "%s:%d" % (kind, ctypes.c_uint32(value.of.i32).value)
    if kind in ("i64", "f64"):
        return "%s:%d" % (kind, ctypes.c_uint64(value.of.i64).value)
    reference = value.of.funcref if kind == "funcref" else value.of.externref
    return "%s:%s" % (kind, "null" if reference.store_id == 0 else "func")


class Peer:
    def __init__(self):
        self.engine = new_engine()
        self.instances = {}

    def do_module(self, number, path):
        with open(path, "rb") as file:
            module = wasmtime.Module(self.engine, file.read())
        store = wasmtime.Store(self.engine)
        self.instances[number] = (store, wasmtime.Instance(store, module, []))
        return "ok"

    def find(self, number, name):
        store, instance = self.instances[number]
        return store, instance.exports(store)[bytes.fromhex(name.replace("-", "")).decode()]

    def do_call(self, number, name, count, *words):
        store, func = self.find(number, name)
        arguments = (ffi.wasmtime_val_t * len(words))(*[pack(word) for word in words])
        results = (ffi.wasmtime_val_t * int(count))()
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = ffi.wasmtime_func_call(store._context(), ctypes.byref(func._func), arguments,
                                       len(words), results, len(results), ctypes.byref(trap))
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if trap:
            return "trap " + trap_text(wasmtime.Trap._from_ptr(trap))
        return " ".join(["ok"] + [unpack(result) for result in results])

    def do_get(self, number, name):
        store, glob = self.find(number, name)
        value = ffi.wasmtime_val_t()
        ffi.wasmtime_global_get(store._context(), ctypes.byref(glob._global), ctypes.byref(value))
        return "ok " + unpack(value)

    def do_memory(self, number, name):
        store, memory = self.find(number, name)
        if isinstance(memory, wasmtime.SharedMemory):
            size, data = memory.data_len(), memory.data_ptr()
        else:
            size, data = memory.data_len(store), memory.data_ptr(store)
        return "ok %d %s" % (size, hashlib.sha256(ctypes.string_at(data, size)).hexdigest())

    def do_table(self, number, name):
        store, table = self.find(number, name)
        size = table.size(store)
        entries = ""
        for i in range(size):
            value = ffi.wasmtime_val_t()
            ffi.wasmtime_table_get(store._context(), ctypes.byref(table._table), i,
                                   ctypes.byref(value))
            entries += "0" if unpack(value).endswith(":null") else "1"
            ffi.wasmtime_val_unroot(ctypes.byref(value))
        return "ok %d %s" % (size, entries)

    def answer(self, words):
        try:
            return getattr(self, "do_" + words[0])(*words[1:])
        except wasmtime.Trap as trap:
            return "failed " + trap_text(trap)
        except wasmtime.WasmtimeError as error:
            return "failed " + str(error).replace("\n", " ")


def main():
    peer = Peer()
    for line in sys.stdin:
        print(peer.answer(line.split()), flush=True)


main()
