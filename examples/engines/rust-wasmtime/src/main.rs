// SPDX-License-Identifier: Apache-2.0
//
// Runs a WASI program, python.wasm first of all, on wasmtime:
//
//     krait-on-wasmtime [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]
//
// Exit status: the guest's own; 134 when it trapped; 125 when it could not be started.
use wasmtime::{
    bail, format_err, Cache, CacheConfig, Config, Engine, Linker, Module, Result, Store,
};
use wasmtime_wasi::{p1, FsPerms, I32Exit, WasiCtxBuilder};

// CPython counts its recursion by calls; wasmtime's default of 512 KiB ends before that.
const WASM_STACK: usize = 32 << 20;

struct Options {
    dirs: Vec<(String, String)>,
    env: Vec<(String, String)>,
    args: Vec<String>,
}

fn parse(mut words: Vec<String>) -> Result<Options> {
    let (mut dirs, mut env) = (Vec::new(), Vec::new());
    while let Some(option) = words.first().filter(|w| w.starts_with("--")).cloned() {
        let (list, separator) = match option.as_str() {
            "--dir" => (&mut dirs, "::"),
            "--env" => (&mut env, "="),
            _ => bail!("unknown option {option}"),
        };
        let pair = words
            .get(1)
            .and_then(|value| value.split_once(separator))
            .filter(|p| !p.0.is_empty());
        let (left, right) = pair.ok_or_else(|| format_err!("{option} wants A{separator}B"))?;
        list.push((left.to_string(), right.to_string()));
        words.drain(..2);
    }
    if words.is_empty() {
        bail!("usage: [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]");
    }
    Ok(Options {
        dirs,
        env,
        args: words,
    })
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    // Compiling python.wasm takes seconds, so that is done once (in the user's cache folder).
    config.cache(Some(Cache::new(CacheConfig::new())?));
    // wasmtime refuses a stack that is larger than that of asynchronous calls.
    config
        .async_stack_size(2 * WASM_STACK)
        .max_wasm_stack(WASM_STACK);
    Engine::new(&config)
}

fn guest(options: Options) -> Result<i32> {
    let engine = engine()?;
    let mut wasi = WasiCtxBuilder::new();
    // Before the folders: files are then read on this thread, without a detour.
    wasi.allow_blocking_current_thread(true).inherit_stdio();
    wasi.args(&options.args).envs(&options.env);
    for (host, guest) in &options.dirs {
        wasi.preopened_dir(host, guest, FsPerms::ReadWrite)
            .map_err(|error| format_err!("{host}: {error}"))?;
    }
    let mut linker = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |wasi| wasi)?;
    // wasmtime's own function takes no status above 125.
    linker.allow_shadowing(true);
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |status: i32| -> Result<()> { Err(I32Exit(status).into()) },
    )?;
    let module = Module::from_file(&engine, &options.args[0])?;
    let mut store = Store::new(&engine, wasi.build_p1());
    let instance = linker.instantiate(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(0),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => Ok(exit.0 & 0xff),
            None => {
                eprintln!("krait-on-wasmtime: the guest trapped: {error:?}");
                Ok(134)
            }
        },
    }
}

fn main() {
    let run = || parse(std::env::args().skip(1).collect()).and_then(guest);
    // The guest's calls lie on the stack of the thread that runs it.
    let thread = std::thread::Builder::new()
        .stack_size(WASM_STACK + (8 << 20))
        .spawn(run);
    let status = match thread.map(|thread| thread.join()) {
        Ok(Ok(Ok(status))) => status,
        Ok(Ok(Err(error))) => {
            eprintln!("krait-on-wasmtime: {error:#}");
            125
        }
        Ok(Err(_)) => 125, // the panic has said why
        Err(error) => {
            eprintln!("krait-on-wasmtime: no thread: {error}");
            125
        }
    };
    std::process::exit(status);
}
