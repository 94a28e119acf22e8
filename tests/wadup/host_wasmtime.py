# SPDX-License-Identifier: Apache-2.0
"""Calls process() of a module on wasmtime: host_wasmtime.py [OPTION]... RECORD MODULE ARG...

  --dir HOST::GUEST     grants a folder
  -e NAME=VALUE         a variable of the environment
  --calls N             so many calls; 1
  --before N=HOST       the file HOST becomes data.bin of the folder granted last, before call N (from 1)
  --plain               without _initialize()
  --code FUNCTION=CODE  what this function of "env" returns; 0

RECORD gets a line of JSON for each call of a function of "env", [NAME, ARGUMENT...], and
[null, RESULT, BYTES-OF-MEMORY] for each end of process(). Texts are decoded strictly; data is Base64. host_node.mjs is the same for Node.
"""
import base64
import ctypes
import json
import os
import shutil
import sys
import threading

import wasmtime

WASM_STACK = 16 << 20
TEXTS = {"define_table": (True, True), "insert_row": (True, True), "emit_subcontent_bytes": (False, True),
         "emit_subcontent_slice": (None, True)}


def new_engine():
    """With the stack that Python needs: see tools/run-on-wasmtime.py."""
    config = wasmtime.Config()
    config.cache = True
    set_async = wasmtime._bindings.dll.wasmtime_config_async_stack_size_set
    set_async.restype = None
    set_async.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    set_async(ctypes.cast(config.ptr(), ctypes.c_void_p), 2 * WASM_STACK)
    config.max_wasm_stack = WASM_STACK
    return wasmtime.Engine(config)


def define_env(linker, record, codes):
    i32 = wasmtime.ValType.i32()

    def one(name, kinds):
        def call(caller, a, a_len, b, b_len):
            memory, line = caller["memory"], [name]
            for is_text, at, size in ((kinds[0], a, a_len), (kinds[1], b, b_len)):
                at, size = at & 0xFFFFFFFF, size & 0xFFFFFFFF
                if is_text is None:
                    line += [at, size]
                    continue
                if at + size > memory.data_len(caller):
                    raise ValueError("%s: %d bytes at %d are out of range" % (name, size, at))
                data = bytes(memory.read(caller, at, at + size))
                line.append(data.decode("utf-8") if is_text else base64.b64encode(data).decode())
            record.write(json.dumps(line) + "\n")
            return codes.get(name, 0)

        linker.define_func("env", name, wasmtime.FuncType([i32] * 4, [i32]), call, access_caller=True)

    for name, kinds in TEXTS.items():
        one(name, kinds)


def options(args):
    found = {"dirs": [], "env": [], "calls": 1, "before": {}, "codes": {}, "plain": False}
    while args[0].startswith("-"):
        option = args.pop(0)
        if option == "--plain":
            found["plain"] = True
            continue
        value = args.pop(0)
        if option == "--dir":
            found["dirs"].append(value.split("::"))
        elif option == "-e":
            found["env"].append(value.split("=", 1))
        elif option == "--calls":
            found["calls"] = int(value)
        elif option == "--before":
            number, path = value.split("=", 1)
            found["before"][int(number)] = path
        elif option == "--code":
            name, code = value.split("=")
            found["codes"][name] = int(code)
        else:
            sys.exit("unknown option " + option)
    return found


def main():
    args = sys.argv[1:]
    given = options(args)
    record = open(args.pop(0), "w", encoding="ascii")
    engine = new_engine()
    linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
    linker.define_wasi()
    define_env(linker, record, given["codes"])
    wasi.argv, wasi.env = args, given["env"]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for host, guest in given["dirs"]:
        wasi.preopen_dir(host, guest)
    store.set_wasi(wasi)
    exports = linker.instantiate(store, wasmtime.Module.from_file(engine, args[0])).exports(store)
    if not given["plain"]:
        exports["_initialize"](store)
    for number in range(1, given["calls"] + 1):
        if number in given["before"]:
            shutil.copyfile(given["before"][number], os.path.join(given["dirs"][-1][0], "data.bin"))
        result = exports["process"](store)
        record.write(json.dumps([None, result, exports["memory"].data_len(store)]) + "\n")
    record.close()
    return 0


if __name__ == "__main__":
    status = []
    threading.stack_size(4 * WASM_STACK)
    thread = threading.Thread(target=lambda: status.append(main()))
    thread.start()
    thread.join()
    sys.exit(status[0] if status else 1)
