// SPDX-License-Identifier: Apache-2.0
// See tool.c: the same program.
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, Write};
use std::time::{SystemTime, UNIX_EPOCH};

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn main() {
    for argument in std::env::args() {
        println!("argument {argument}");
    }
    println!("NAME {}", std::env::var("NAME").unwrap());
    let mut lines: Vec<String> = std::io::stdin().lock().lines().map(|l| l.unwrap()).collect();
    lines.sort();
    for line in lines {
        println!("line {line}");
    }
    {
        let mut file = std::fs::File::create("/data/out.txt").unwrap();
        for i in 0..1000 {
            writeln!(file, "{}", i * i).unwrap();
        }
    }
    std::fs::rename("/data/out.txt", "/data/squares.txt").unwrap();
    let text = std::fs::read_to_string("/data/squares.txt").unwrap();
    println!("sum {}", text.lines().map(|l| l.parse::<u64>().unwrap()).sum::<u64>());
    let mut names: Vec<_> = std::fs::read_dir("/data")
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in names {
        println!("file {name}");
    }
    let mut block = vec![0u8; 64 << 20];
    for i in (0..block.len()).step_by(4096) {
        block[i] = (i >> 12) as u8;
    }
    println!("memory {}", block.iter().step_by(4096).map(|b| u32::from(*b)).sum::<u32>());
    let mut x = 1.0f64;
    for i in 0..100 {
        x = x * 1.000001 + 1.0 / f64::from(i + 1);
    }
    println!("float {x:.9}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    println!("clock {}", if now.as_secs() > 1_600_000_000 { "runs" } else { "stands" });
    println!("random {}", if random() != random() { "differs" } else { "repeats" });
    let missing = std::fs::File::open("/etc/passwd").is_err();
    println!("missing {}", if missing { "file" } else { "nothing" });
    eprintln!("to stderr");
    if std::env::args().nth(1).as_deref() == Some("panic") {
        let empty: Vec<u8> = Vec::new();
        println!("{}", empty[std::env::args().count()]);
    }
    std::process::exit(3);
}
