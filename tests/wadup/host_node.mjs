// SPDX-License-Identifier: Apache-2.0
// Calls process() of a module on Node: host_node.mjs [OPTION]... RECORD MODULE ARG...
// As host_wasmtime.py. Node has no way to know that a reactor was not initialised: --plain only skips it.
import { copyFileSync, openSync, readFileSync, writeSync } from "node:fs";
import { WASI } from "node:wasi";

const args = process.argv.slice(2);
const preopens = {};
const env = {};
const before = {};
const codes = {};
let folder = "";
let calls = 1;
let plain = false;
while (args[0].startsWith("-")) {
    const option = args.shift();
    if (option === "--plain") {
        plain = true;
        continue;
    }
    const value = args.shift();
    const at = value.indexOf(option === "--dir" ? "::" : "=");
    if (option === "--dir") preopens[value.slice(at + 2)] = folder = value.slice(0, at);
    else if (option === "-e") env[value.slice(0, at)] = value.slice(at + 1);
    else if (option === "--calls") calls = Number(value);
    else if (option === "--before") before[value.slice(0, at)] = value.slice(at + 1);
    else if (option === "--code") codes[value.slice(0, at)] = Number(value.slice(at + 1));
    else throw new Error(`unknown option ${option}`);
}
const record = openSync(args.shift(), "w");
let memory = null;

const write = (line) => writeSync(record, JSON.stringify(line) + "\n");
const view = (at, size) => {
    if ((at >>> 0) + (size >>> 0) > memory.buffer.byteLength) throw new RangeError(`${size} bytes at ${at}`);
    return new Uint8Array(memory.buffer, at >>> 0, size >>> 0);
};
const text = (at, size) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(view(at, size));
const bytes = (at, size) => Buffer.from(view(at, size)).toString("base64");
const number = (at, size) => [at >>> 0, size >>> 0];
const define = (name, first, second) => (a, aLength, b, bLength) => {
    write([name, first(a, aLength), second(b, bLength)].flat());
    return codes[name] ?? 0;
};
const imports = {
    define_table: define("define_table", text, text),
    insert_row: define("insert_row", text, text),
    emit_subcontent_bytes: define("emit_subcontent_bytes", bytes, text),
    emit_subcontent_slice: define("emit_subcontent_slice", number, text),
};

// Called directly by optimised code, Node's own functions damage the process's memory: docs/engines.md.
const indirect = (functions) =>
    Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, (...values) => f(...values)]));

const wasi = new WASI({ version: "preview1", args, env, preopens, returnOnExit: true });
const module = await WebAssembly.compile(readFileSync(args[0]));
const instance = await WebAssembly.instantiate(module, {
    wasi_snapshot_preview1: indirect(wasi.wasiImport), env: imports,
});
memory = instance.exports.memory;
if (plain) {
    // What initialize() would do besides: let the host's functions find the memory.
    wasi.initialize({ exports: { memory } });
} else {
    wasi.initialize(instance);
}
for (let call = 1; call <= calls; call++) {
    if (before[call] !== undefined) copyFileSync(before[call], `${folder}/data.bin`);
    write([null, instance.exports.process(), memory.buffer.byteLength]);
}
