# SPDX-License-Identifier: Apache-2.0
"""Runs a module on wasmtime: wasmtime_run.py [--dir HOST::GUEST]... [-e NAME=VALUE]... [--call NAME] FILE ARG...

Nothing is granted but what --dir says. --call: a reactor; its _initialize, then NAME, whose result is
the exit status.
"""
import sys

import wasmtime


def main():
    args, dirs, env, call = sys.argv[1:], [], [], None
    while args[0] in ("--dir", "-e", "--call"):
        if args[0] == "--dir":
            dirs.append(args[1].split("::"))
        elif args[0] == "-e":
            env.append(args[1].split("=", 1))
        else:
            call = args[1]
        del args[:2]
    engine = wasmtime.Engine()
    linker, store, wasi = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
    linker.define_wasi()
    wasi.argv, wasi.env = args, env
    wasi.inherit_stdin()
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    for host, guest in dirs:
        wasi.preopen_dir(host, guest)
    store.set_wasi(wasi)
    exports = linker.instantiate(store, wasmtime.Module.from_file(engine, args[0])).exports(store)
    try:
        if call is None:
            exports["_start"](store)
            return 0
        exports["_initialize"](store)
        return exports[call](store)
    except wasmtime.ExitTrap as ended:
        return ended.code


if __name__ == "__main__":
    sys.exit(main())
