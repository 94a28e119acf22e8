#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls the handler on wasmtime: call.py HANDLER.wasm LIBRARY CODE, a host of the reactor.

LIBRARY is the folder that the guest sees as /usr; CODE is the file with the function.
"""
import ctypes
import sys
import threading

import wasmtime

WASM_STACK = 32 << 20


class Handler:
    def __init__(self, module, library):
        config = wasmtime.Config()
        config.cache = True
        # See examples/engines/python-wasmtime.
        set_async = wasmtime._bindings.dll.wasmtime_config_async_stack_size_set
        set_async.restype = None
        set_async.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        set_async(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * WASM_STACK)
        config.max_wasm_stack = WASM_STACK
        engine = wasmtime.Engine(config)
        wasi = wasmtime.WasiConfig()
        wasi.preopen_dir(library, "/usr")
        wasi.inherit_stdout()
        wasi.inherit_stderr()
        self.store = wasmtime.Store(engine)
        self.store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        instance = linker.instantiate(self.store, wasmtime.Module.from_file(engine, module))
        self.exports = instance.exports(self.store)
        self._do("_initialize")

    def _do(self, name, *arguments):
        return self.exports[name](self.store, *arguments)

    def _give(self, name, data):
        """(status, result) of an export that takes bytes"""
        address = self._do("handler_alloc", len(data))
        if address == 0:
            raise MemoryError("the guest has no memory for %d bytes" % len(data))
        memory = self.exports["memory"]
        memory.write(self.store, data, address)
        status = self._do(name, address, len(data))
        self._do("handler_free", address)
        start, size = self._do("handler_result"), self._do("handler_result_size")
        return status, bytes(memory.read(self.store, start, start + size))

    def start(self, code):
        status, text = self._give("handler_start", code)
        if status:
            raise RuntimeError(text.decode())

    def call(self, data):
        return self._give("handler_call", data)


def main():
    with open(sys.argv[3], "rb") as file:
        code = file.read()
    handler = Handler(sys.argv[1], sys.argv[2])
    handler.start(code)
    for data in (b"mississippi", b"", bytes(1000) + b"x"):
        print(*(value if isinstance(value, int) else value.decode() for value in handler.call(data)))
    for number in range(1000):
        status, result = handler.call(b"%d" % number)
    print(status, result.decode())


threading.stack_size(WASM_STACK + (8 << 20))
thread = threading.Thread(target=main)
thread.start()
thread.join()
