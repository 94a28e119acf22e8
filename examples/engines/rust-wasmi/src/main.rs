// SPDX-License-Identifier: Apache-2.0
//
// Runs a WASI program, python.wasm first of all, on the interpreter wasmi:
//
//     krait-on-wasmi [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]
//
// Exit status: the guest's own; 134 when it trapped; 125 when it could not be started.
use std::error::Error;
use wasmi::{CompilationMode, Config, Engine, Linker, Module, Store};
use wasmi_wasi::sync::{ambient_authority, Dir, WasiCtxBuilder};
use wasmi_wasi::{add_to_linker, WasiCtx};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

// wasmi's calls take no native stack, but it counts them (1,000) and limits their values (1 MB):
// both end before CPython's own limit of recursion.
const CALLS: usize = 1_000_000;
const VALUES: usize = 256 << 20;

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
            _ => return Err(format!("unknown option {option}").into()),
        };
        let pair = words
            .get(1)
            .and_then(|value| value.split_once(separator))
            .filter(|p| !p.0.is_empty());
        let (left, right) = pair.ok_or_else(|| format!("{option} wants A{separator}B"))?;
        list.push((left.to_string(), right.to_string()));
        words.drain(..2);
    }
    if words.is_empty() {
        return Err("usage: [--dir HOST::GUEST]... [--env NAME=VALUE]... MODULE [ARG...]".into());
    }
    Ok(Options {
        dirs,
        env,
        args: words,
    })
}

fn context(options: &Options) -> Result<WasiCtx> {
    let mut wasi = WasiCtxBuilder::new();
    wasi.inherit_stdio()
        .args(&options.args)?
        .envs(&options.env)?;
    for (host, guest) in &options.dirs {
        let dir = Dir::open_ambient_dir(host, ambient_authority())
            .map_err(|error| format!("{host}: {error}"))?;
        wasi.preopened_dir(dir, guest)?;
    }
    Ok(wasi.build())
}

fn guest(options: Options) -> Result<i32> {
    let mut config = Config::default();
    config
        .set_max_recursion_depth(CALLS)
        .set_max_stack_height(VALUES);
    // A function is translated when it is first called: most of CPython's never are.
    config.compilation_mode(CompilationMode::Lazy);
    let engine = Engine::new(&config);
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;
    // The function of wasmi_wasi takes no status above 125.
    linker.allow_shadowing(true);
    linker.func_wrap("wasi_snapshot_preview1", "proc_exit", |status: i32| {
        Err::<(), _>(wasmi::Error::i32_exit(status))
    })?;
    let file = &options.args[0];
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine, context(&options)?);
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
    match start.call(&mut store, ()) {
        Ok(()) => Ok(0),
        Err(error) => match error.i32_exit_status() {
            Some(status) => Ok(status & 0xff),
            None => {
                eprintln!("krait-on-wasmi: the guest trapped: {error}");
                Ok(134)
            }
        },
    }
}

fn main() {
    let status = parse(std::env::args().skip(1).collect()).and_then(guest);
    std::process::exit(status.unwrap_or_else(|error| {
        eprintln!("krait-on-wasmi: {error}");
        125
    }));
}
