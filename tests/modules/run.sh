# SPDX-License-Identifier: Apache-2.0
# krait run MODULE.wasm: what a module gets and does not get, its exit status, options, and
# modules that cannot be run.
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"

# Prints its arguments and environment, one on each line, and exits with their number.
wat show <<'WAT'
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $asizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $aget (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $esizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $eget (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func $print (param $size i32) (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $size)) (then
        (if (i32.eqz (i32.load8_u (i32.add (i32.const 4096) (local.get $i))))
          (then (i32.store8 (i32.add (i32.const 4096) (local.get $i)) (i32.const 10))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (local.get $size))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24))))
  (func (export "_start") (local $n i32)
    (drop (call $asizes (i32.const 0) (i32.const 4)))
    (local.set $n (i32.load (i32.const 0)))
    (drop (call $aget (i32.const 1024) (i32.const 4096)))
    (call $print (i32.load (i32.const 4)))
    (drop (call $esizes (i32.const 0) (i32.const 4)))
    (drop (call $eget (i32.const 1024) (i32.const 4096)))
    (call $print (i32.load (i32.const 4)))
    (call $exit (local.get $n))))
WAT
mkdir folder
cp show.wasm folder/no-module-by-name
run run show.wasm one --two '' 'th ree'
same "arguments" "$out" "show.wasm
one
--two

th ree"
same "the exit status is the module's" "$rc" 5
run run -e A=1 --env B= --memory 1M ./folder/no-module-by-name -e C=2
same "options, and the name without its folder" "$out" "no-module-by-name
-e
C=2
A=1
B="
run run -- show.wasm -- x
same "the end of options, on both sides of the module" "$out" "show.wasm
x"
run run show.wasm -- -- x
same "the second one is the module's" "$out" "show.wasm
--
x"
run run show.wasm x -- y
same "as one among its arguments is" "$out" "show.wasm
x
--
y"
run run -B show.wasm
same "Python's options are no module's" "$rc" 125
has "it is said" "$out" "'-B' is Python's option, but 'show.wasm' is a WebAssembly module"

# A limit of memory is one for all memories together, and one for all tables.
wat memories <<'WAT'
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory $a (export "memory") 1)
  (memory $b 1)
  (table $s 1 funcref)
  (table $t 1 funcref)
  (func (export "_start")
    (call $exit
      (i32.add
        (i32.add (i32.eq (memory.grow $a (i32.const 14)) (i32.const 1))
          (i32.mul (i32.const 2) (i32.eq (memory.grow $b (i32.const 1)) (i32.const -1))))
        (i32.add
          (i32.mul (i32.const 4)
            (i32.eq (table.grow $s (ref.null func) (i32.const 100000)) (i32.const 1)))
          (i32.mul (i32.const 8)
            (i32.eq (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1))))))))
WAT
run run --memory 1M memories.wasm
same "memories and tables share their limits" "$rc" 15
run run --memory 64K memories.wasm
same "too little for two memories" "$rc" 124
has "it is said" "$out" "the module's memories need more at start"

# Files: what was granted, under the name that was given.
wat cat <<'WAT'
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "file")
  (func (export "_start") (local $e i32)
    (local.set $e (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 4) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
    (if (local.get $e) (then (call $exit (local.get $e))))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.const 100))
    (drop (call $read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 20)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
WAT
mkdir host
echo contents >host/file
mkdir root
echo below >root/file
run run cat.wasm
same "nothing is granted: ENOENT" "$rc: $out" "44: "
# A library that Python was told of and not shown. (show.wasm exits with 1 for one argument.)
run run -e PYTHONPATH=/nowhere:"$T/host" show.wasm
has "a hint" "$out" "krait: PYTHONPATH names '$T/host', which is not granted; to let the program see it, add --dir"
run run -e PYTHONPATH=/nowhere:"$T/host" -e HOME=/ --dir "$T" show.wasm
same "none for what is granted" "$(printf '%s\n' "$out" | grep -c 'krait:')" 0
run run -e PYTHONHOME="$T" show.wasm one
same "none after success or another failure" "$(printf '%s\n' "$out" | grep -c 'krait:')" 0
run run --dir host::/data cat.wasm
same "a granted folder" "$rc: $out" "0: contents"
run run --mapdir /::root:ro cat.wasm
same "a folder as root" "$rc: $out" "0: below"

# Each folder is a preopened directory under the name that was given, as other engines have it.
wat preopens <<'WAT'
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $fd i32) (local $size i32)
    (local.set $fd (i32.const 3))
    (i32.store (i32.const 16) (i32.const 4096))
    (loop $next
      (if (i32.eqz (call $get (local.get $fd) (i32.const 0))) (then
        (local.set $size (i32.load (i32.const 4)))
        (drop (call $name (local.get $fd) (i32.const 4096) (local.get $size)))
        (i32.store8 (i32.add (i32.const 4096) (local.get $size)) (i32.const 10))
        (i32.store (i32.const 20) (i32.add (local.get $size) (i32.const 1)))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
        (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
        (br $next))))
    (call $exit (local.get $fd))))
WAT
here=$(pwd -P)
run run preopens.wasm
same "nothing granted: the root in memory" "$rc: $out" "4: /"
run run --dir host --dir "$here/root" --dir root::b/c --mapdir /d::host preopens.wasm
same "names, in their order, where they are, and the root" "$rc: $out" "10: host
$here/root
b/c
/d
$here/host
/b/c
/"
run run --dir . preopens.wasm
same "the folder that krait was started in is where relative paths begin" "$rc: $out" "5: .
$here"
run run --dir host::/ preopens.wasm
same "a folder as root is all there is" "$rc: $out" "4: /"
run run preopens.wasm --mapdir /::host --mapdir=/sub::./root/
same "--mapdir may follow the module" "$rc: $out" "5: /
/sub"
run run show.wasm --mapdir /::host -- --mapdir /sub::root
same "what follows -- is the module's" "$rc: $out" "3: show.wasm
--mapdir
/sub::root"
run run show.wasm x --mapdir /::host
same "and what follows an argument" "$rc" 4
run run -- show.wasm --mapdir /sub::root
same "and all that follows the module when -- stands before it" "$rc: $out" "3: show.wasm
--mapdir
/sub::root"
run run -- preopens.wasm --mapdir=/::host
same "it grants nothing then" "$rc: $out" "4: /"
run run show.wasm --mapdir
same "--mapdir without a value" "$rc: $out" "125: krait: option '--mapdir' needs a value; see \`krait run --help\`"
run run show.wasm --mapdir /::nowhere
same "a folder that is missing" "$rc" 127
before=$(cached | wc -l)
out=$(KRAIT_OPT_LEVEL=0 "$KRAIT" run show.wasm 2>&1)
same "another level of optimisation" "$?: $out: $(($(cached | wc -l) - before))" "1: show.wasm: 1"
out=$(KRAIT_OPT_LEVEL=fast "$KRAIT" run show.wasm 2>&1)
same "a level that is none" "$?" 125
run run --dir . --dir ./. --dir . preopens.wasm
same "no name twice" "$rc: $out" "6: .
./.
$here"

# How it ends.
wat trap <<'WAT'
(module (memory (export "memory") 1) (func $boom unreachable) (func (export "_start") (call $boom)))
WAT
run run trap.wasm
same "a trap" "$rc" 134
has "is named" "$out" "the program was stopped: unreachable"
has "with the function" "$out" "  at _start"
wat loop <<'WAT'
(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))
WAT
run run --fuel 100000 loop.wasm
same "fuel" "$rc" 124
run run --show-fuel show.wasm
has "fuel that was spent" "$out" "fuel spent: "
# (AddressSanitizer reserves terabytes.)
if ! nm "$KRAIT" 2>/dev/null | grep -q __asan_init; then
    out=$(ulimit -v 4000000; "$KRAIT" run show.wasm 2>&1)
    same "little address space" "$?: $out" "1: show.wasm"
fi

# What cannot be run.
wat nostart <<'WAT'
(module (memory (export "memory") 1) (func (export "f")))
WAT
run run nostart.wasm
same "no command" "$rc" 126
has "what is missing" "$out" "_start"
wat documents <<'WAT'
(module (memory (export "memory") 1) (func (export "process") (result i32) (i32.const 0)))
WAT
run run documents.wasm
same "a module for documents" "$rc" 126
has "and who runs it" "$out" "'documents.wasm' is a module for documents, no program: krait process runs it"
{
    echo '(module'
    i=0
    while [ $i -lt 40 ]; do
        echo "(import \"env\" \"a_function_with_a_long_name_$i\" (func (param i32 i64) (result f64)))"
        i=$((i + 1))
    done
    printf '%s\n' '(import "env" "memory" (memory 1 2)) (import "e\0a" "t" (table 1 funcref))'
    echo '(import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))'
    echo '(import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))'
    echo '(func (export "_start")))'
} | wat missing
run run missing.wasm
same "missing imports" "$rc" 126
has "how many" "$out" "krait: 'missing.wasm' needs 43 imports that krait does not have:"
same "each on a line" "$(printf '%s\n' "$out" | grep -c '^  ')" 43
has "the last function" "$out" "  env.a_function_with_a_long_name_39: func (i32, i64) -> f64"
has "a memory" "$out" "  env.memory: memory 1..2 pages"
has "a table" "$out" '  e\0a.t: table 1.. of funcref'
has "one of another type" "$out" "  wasi_snapshot_preview1.fd_write: func (i32) -> i32 (here of another type)"
head -c 50 show.wasm >cut.wasm
run run cut.wasm
same "a module that was cut" "$rc" 126
has "where and why" "$out" "'cut.wasm': offset 0x"
same "nothing but results is in the cache" \
    "$(find cache -type f ! -name '*.krt')" ""

# Ctrl-C ends a module that takes no signals as it does other programs.
wat endless <<'WAT'
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\01\00\00\00")
  (data (i32.const 16) "x")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop (br 0))))
WAT
check "Ctrl-C" python3 - <<'END'
import os, signal, subprocess
signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as in the background of a shell
run = subprocess.Popen([os.environ["KRAIT"], "run", "endless.wasm"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
assert run.stdout.read(1) == b"x", run.stderr.read()
run.send_signal(signal.SIGINT)
output, errors = run.communicate(timeout=60)
assert (run.returncode, errors) == (-signal.SIGINT, b""), (run.returncode, errors)
END

# Translations.
"$KRAIT" compile show.wasm -o show.krt || failed "compile"
run run show.krt x
same "a translation runs" "$rc: $out" "2: show.krt
x"
# It is native code, trusted by its name: what comes from anybody is a script or a module.
for name in show.py translated.wasm show krt .krt show.krt.py; do
    cp show.krt "$name"
    run run "$name" x
    same "a translation called $name" "$rc" 126
    has "is refused" "$out" "'$name' is native code"
done
rm -f show.py translated.wasm show krt .krt show.krt.py
size=$(wc -c <show.krt)
cut() { # cut BYTES NAME
    head -c "$1" show.krt >"$2"
    run run "$2"
}
cut $((size - 1)) short.krt
same "one that was cut" "$rc" 126
has "is refused" "$out" "'short.krt' is not a translated module, or its end is missing"
cut 100 short.krt
same "one that was cut early" "$rc" 126
# abi_version is the fourth word of the seal; the hashes have the last words.
cp show.krt other.krt
python3 - <<'END'
data = bytearray(open("other.krt", "rb").read())
at = data.rindex(b"krt\x1aSEAL")
data[at + 12] ^= 0x40
open("other.krt", "wb").write(data)
END
run run other.krt
same "a damaged seal" "$rc" 126
has "is refused" "$out" "'other.krt' is damaged"
cp show.wasm short.wasm
run run short.krt x
same "with its module beside it, it runs" "$rc" 2
has "after a message" "$out" "running a new translation of 'short.wasm' instead"

# The interpreter itself: any module stands for it here.
mkdir -p prefix/bin prefix/lib/krait/python3.13/bin prefix/lib/krait/python3.13/usr/local/lib/python3.13
cp "$KRAIT" prefix/bin/krait
cp show.wasm prefix/lib/krait/python3.13/bin/python.wasm
cp other.krt prefix/lib/krait/python3.13/python.krt
out=$(prefix/bin/krait run -c pass 2>&1)
same "an interpreter that is damaged is translated again" "$?" 3
has "after a message" "$out" "python.krt' is damaged"
has "with its arguments" "$out" "/usr/local/bin/python3.13
-c
pass"
out=$(KRAIT_RUNTIME=$T/prefix/lib/krait/python3.13 prefix/bin/krait run -c pass 2>&1)
same "not one that the user has chosen" "$?" 125
finish
