#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Calls the handler in Node: node call.mjs HANDLER.wasm LIBRARY CODE, a host of the reactor.
//
// LIBRARY is the folder that the guest sees as /usr; CODE is the file with the function.
import { readFileSync } from "node:fs";
import { Worker, isMainThread, workerData } from "node:worker_threads";

class Handler {
  static async open(file, library) {
    const { WASI } = await import("node:wasi");
    const wasi = new WASI({ version: "preview1", preopens: { "/usr": library } });
    // Not directly: see examples/engines/node.
    const imports = Object.entries(wasi.wasiImport).map(([name, f]) => [name, (...args) => f(...args)]);
    const { instance } = await WebAssembly.instantiate(readFileSync(file), {
      wasi_snapshot_preview1: Object.fromEntries(imports),
    });
    wasi.initialize(instance);
    return new Handler(instance.exports);
  }

  constructor(exports) {
    this.exports = exports;
  }

  // [status, result] of an export that takes bytes
  give(name, bytes) {
    const { memory, handler_alloc, handler_free } = this.exports;
    const address = handler_alloc(bytes.length) >>> 0;
    if (address === 0) {
      throw new Error(`the guest has no memory for ${bytes.length} bytes`);
    }
    // A view of the memory is good until the next call, in which it may grow.
    new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
    const status = this.exports[name](address, bytes.length);
    handler_free(address);
    const start = this.exports.handler_result() >>> 0;
    const size = this.exports.handler_result_size() >>> 0;
    return [status, new Uint8Array(memory.buffer, start, size).slice()];
  }

  start(code) {
    const [status, text] = this.give("handler_start", code);
    if (status !== 0) {
      throw new Error(new TextDecoder().decode(text));
    }
  }

  call(bytes) {
    return this.give("handler_call", bytes);
  }
}

async function main([file, library, code]) {
  process.removeAllListeners("warning");
  const text = new TextDecoder();
  const bytes = (string) => new TextEncoder().encode(string);
  const handler = await Handler.open(file, library);
  handler.start(readFileSync(code));
  const long = new Uint8Array(1001);
  long[1000] = 120;
  for (const data of [bytes("mississippi"), bytes(""), long]) {
    const [status, result] = handler.call(data);
    console.log(status, text.decode(result));
  }
  let last;
  for (let number = 0; number < 1000; number++) {
    last = handler.call(bytes(`${number}`));
  }
  console.log(last[0], text.decode(last[1]));
}

if (isMainThread) {
  // A worker has as large a stack as one asks for (examples/engines/node).
  const options = { workerData: process.argv.slice(2), resourceLimits: { stackSizeMb: 32 } };
  new Worker(new URL(import.meta.url), options).on("error", (error) => {
    console.error(`call.mjs: ${error.message}`);
    process.exitCode = 1;
  });
} else {
  await main(workerData);
}
