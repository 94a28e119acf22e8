// SPDX-License-Identifier: Apache-2.0
// Runs a module on Node: node_run.mjs [--dir HOST::GUEST]... [-e NAME=VALUE]... [--call NAME] FILE ARG...
// As wasmtime_run.py.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const args = process.argv.slice(2);
const preopens = {};
const env = {};
let call = null;
while (["--dir", "-e", "--call"].includes(args[0])) {
    const [option, value] = args.splice(0, 2);
    const at = value.indexOf(option === "--dir" ? "::" : "=");
    if (option === "--dir") preopens[value.slice(at + 2)] = value.slice(0, at);
    else if (option === "-e") env[value.slice(0, at)] = value.slice(at + 1);
    else call = value;
}
const wasi = new WASI({ version: "preview1", args, env, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(args[0]));
// Node 18 has no getImportObject(), and its fd_close calls numbers from 2^31 on, which come as negative
// ones, invalid where all else calls them unknown.
const functions = { ...wasi.wasiImport, fd_close: (fd) => wasi.wasiImport.fd_close(fd >>> 0) };
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: functions });
if (call === null) {
    process.exitCode = wasi.start(instance);
} else {
    wasi.initialize(instance);
    process.exitCode = instance.exports[call]();
}
