# SPDX-License-Identifier: Apache-2.0
"""Run python.wasm on wasmtime: on_wasmtime.py PYTHON.WASM ARG...

The compiled module is kept in a file beside nothing else of ours: wasmtime's own
cache, so that only running is measured.
"""
import os
import sys

import wasmtime


def main():
    wasm, args = sys.argv[1], sys.argv[2:]
    config = wasmtime.Config()
    config.cache = True
    config.max_wasm_stack = 32 << 20
    engine = wasmtime.Engine(config)
    module = wasmtime.Module.from_file(engine, wasm)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    wasi = wasmtime.WasiConfig()
    wasi.argv = ["/usr/local/bin/python3.13", *args]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    bench = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    prefix = os.path.dirname(os.path.dirname(wasm))
    wasi.preopen_dir(os.path.join(prefix, "usr"), "/usr")
    wasi.preopen_dir(bench, bench)
    store = wasmtime.Store(engine)
    store.set_wasi(wasi)
    instance = linker.instantiate(store, module)
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as done:
        sys.exit(done.code)


main()
