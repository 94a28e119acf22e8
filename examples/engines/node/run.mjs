#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
//
// Runs a WASI program, python.wasm first of all, in Node:
//
//     node run.mjs [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]
//
// Exit status: the guest's own; 134 when it trapped; 125 when it could not be started.
import { readFileSync, writeSync } from "node:fs";
import { Worker, isMainThread, workerData } from "node:worker_threads";

// A thread's stack is as large as one asks for; the main thread's ends after 1 MB, and CPython's
// recursion limit is reached later than that.
const STACK_MB = 32;

function parse(words) {
  const options = { preopens: {}, env: {}, args: [] };
  while (words[0] === "--dir" || words[0] === "--env") {
    const separator = words[0] === "--dir" ? "::" : "=";
    const at = (words[1] ?? "").indexOf(separator);
    if (at < 1) {
      throw new Error(`${words[0]} wants A${separator}B`);
    }
    const [left, right] = [words[1].slice(0, at), words[1].slice(at + separator.length)];
    if (words[0] === "--dir") {
      options.preopens[right] = left;
    } else {
      options.env[left] = right;
    }
    words = words.slice(2);
  }
  if (words.length === 0 || words[0].startsWith("--")) {
    throw new Error("usage: run.mjs [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]");
  }
  return { ...options, module: words[0], args: words };
}

function fail(status, text) {
  writeSync(2, `run.mjs: ${text}\n`);
  process.exitCode = status;
}

// The same functions, called through JavaScript. When V8 has optimised a program it calls those of
// WASI directly ("fast API calls"), and in Node 20 that damages the process's own memory: programs
// that had used much memory ended in a segmentation fault.
function indirect(functions) {
  const wrapped = Object.entries(functions).map(([name, f]) => [name, (...args) => f(...args)]);
  return Object.fromEntries(wrapped);
}

// Node 18 counts the NUL behind the target of a symbolic link, and a target cannot have one. The
// memory is not there before the instance is, hence the function.
function readlink(f, memory) {
  return (fd, path, pathSize, buffer, bufferSize, used) => {
    const error = f(fd, path, pathSize, buffer, bufferSize, used);
    const view = new DataView(memory());
    const size = error === 0 ? view.getUint32(used, true) : 0;
    if (size > 0 && size <= bufferSize && view.getUint8(buffer + size - 1) === 0) {
      view.setUint32(used, size - 1, true);
    }
    return error;
  };
}

async function guest({ module, ...options }) {
  // Without this, Node writes that WASI is experimental into the guest's standard error.
  process.removeAllListeners("warning");
  const { WASI } = await import("node:wasi");
  const wasi = new WASI({ version: "preview1", returnOnExit: true, ...options });
  const code = await WebAssembly.compile(readFileSync(module));
  const functions = indirect(wasi.wasiImport);
  let instance = null;
  functions.path_readlink = readlink(functions.path_readlink, () => instance.exports.memory.buffer);
  instance = await WebAssembly.instantiate(code, { wasi_snapshot_preview1: functions });
  try {
    process.exitCode = wasi.start(instance);
  } catch (error) {
    fail(134, `the guest trapped: ${error.message}`);
  }
}

if (isMainThread) {
  try {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: parse(process.argv.slice(2)),
      resourceLimits: { stackSizeMb: STACK_MB },
      // The guest writes to the descriptors itself. If the main thread opened its streams to pass
      // on those of the worker, pipes would no longer block, and a guest's write would fail.
      stdout: true,
      stderr: true,
    });
    worker.on("error", (error) => fail(125, error.message));
    worker.on("exit", (status) => { process.exitCode ||= status; });
  } catch (error) {
    fail(125, error.message);
  }
} else {
  await guest(workerData);
}
