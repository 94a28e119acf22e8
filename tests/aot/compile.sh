# SPDX-License-Identifier: Apache-2.0
# `krait compile` as a process: exit codes and messages, what it leaves behind, that its
# output does not depend on place or time, and that it stops when it is told to.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
export TMPDIR="$T/tmp"
mkdir "$TMPDIR" "$T/out"

cat >"$T/m.wat" <<'WAT'
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "some data")
  (table 3 funcref) (elem (i32.const 1) $a $b)
  (type $t (func (result i32)))
  (func $a (result i32) (i32.const 1))
  (func $b (result i32) (f32.ceil (f32.const 1.5)) (i32.trunc_f32_s))
  (func (export "_start") (drop (call_indirect (type $t) (i32.const 1)))))
WAT
wat2wasm --debug-names "$T/m.wat" -o "$T/m.wasm" || failed "wat2wasm"

run() { out=$("$KRAIT" compile "$@" 2>&1 </dev/null); rc=$?; }
nothing_left() {
    same "$1: the temporary folder is empty" "$(ls -A "$TMPDIR")" ""
    same "$1: nothing half-written" "$(ls -A "$T/out")" "${2:-}"
}

run "$T/m.wasm" -o "$T/out/m.krt"
same "a module compiles" "$rc: $out" "0: "
nothing_left "success" m.krt
check "the symbol table has the names" sh -c "nm '$T/out/m.krt' | grep -q ' t w_a$'"
same "krait_module is the only export" \
    "$(nm -D --defined-only "$T/out/m.krt" | awk '{print $3}')" krait_module
check "there is no relocation in the code" sh -c "! readelf -d '$T/out/m.krt' | grep -q TEXTREL"

# The same bytes from another place with other names.
mkdir "$T/elsewhere"
cp "$T/m.wasm" "$T/elsewhere/other.wasm"
(cd "$T/elsewhere" && "$KRAIT" compile other.wasm -o other.krt --jobs 1)
check "the output does not depend on paths" cmp "$T/out/m.krt" "$T/elsewhere/other.krt"

# The C alone: the same in every run, whole, and quiet under all warnings that matter.
mkdir "$T/c1" "$T/c2"
run "$T/m.wasm" -o "$T/out/m.krt" --emit-c "$T/c1" --parts 2
run "$T/m.wasm" -o "$T/out/m.krt" --emit-c "$T/c2" --parts 2
check "the C is the same in every run" diff -r "$T/c1" "$T/c2"
same "two parts were asked for" "$(cd "$T/c1" && ls part_* | tr '\n' ' ')" "part_000.c part_001.c "
(cd "$T/c1" && for file in *.c; do
    "$KRAIT_TEST_CC" -std=gnu11 -O1 -Wall -Wextra -Werror -Wno-unused -Wno-unused-parameter \
        -Wno-missing-field-initializers -c "$file" || exit 1
done) || failed "the C compiles without warnings"

# Functions that are named lie in front of those that are not, wherever the module has them.
{
    echo '(module (memory 1)'
    for name in a b c d e f g h; do
        echo "(func \$$name (export \"$name\") (result i32) (i32.load (i32.const 4)))"
    done
    echo ')'
} >"$T/order.wat"
wat2wasm --debug-names "$T/order.wat" -o "$T/order.wasm" || failed "wat2wasm"
printf '# two of eight\n\ng\nc\n' >"$T/first"
in_front() {
    nm "$1" | sort | sed -n 's/.* t w_\([a-h]\)$/\1/p' | head -2 | tr -d '\n'
}
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/first" --parts "3"
same "a module with functions that come first compiles" "$rc: $out" "0: "
same "they are in front, in this order" "$(in_front "$T/out/first.krt")" gc
run "$T/order.wasm" -o "$T/out/second.krt" --parts 3
same "without the option they are not" "$(in_front "$T/out/second.krt")" ab
has "what came first is told" "$("$KRAIT" inspect "$T/out/first.krt" | tr -s " ")" "
first "
printf 'nobody\ng\nnothing' >"$T/first"
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/first"
same "names of no function are no error" "$rc" 0
has "they are told" "$out" "it has no functions of 2 names that were to come first"
printf '' >"$T/first"
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/first"
same "no names at all" "$rc: $out" "0: "
rm "$T/out/first.krt" "$T/out/second.krt"

# A memory with the name of a control character, U+009B.
printf '\0asm\1\0\0\0\5\3\1\0\1\7\6\1\2\302\233\2\0' >"$T/odd.wasm"
has "JSON has no character that a terminal obeys" "$("$KRAIT" inspect --json "$T/odd.wasm")" '"name":"\u009b"'
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/nowhere"
same "no such file of names" "$rc" 125
has "it is named, too" "$out" "cannot open '$T/nowhere': No such file or directory"
printf 'a\0b' >"$T/first"
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/first"
has "a file that is no text" "$out" "'$T/first' is not a text"
mkfifo "$T/pipe"
run "$T/order.wasm" -o "$T/out/first.krt" --first "$T/pipe"
same "a pipe" "$rc" 125
has "is not taken for no names at all" "$out" "'$T/pipe' is not a regular file"
nothing_left "functions that come first" m.krt

run "$T/m.wasm" -o "$T/out/m.krt" --cc /nonexistent/cc
same "no such compiler" "$rc" 125
has "it is named" "$out" "/nonexistent/cc"
printf '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "disk on fire" >&2\nexit 3\n' >"$T/badcc"
chmod +x "$T/badcc"
rm "$T/out/m.krt"
run "$T/m.wasm" -o "$T/out/m.krt" --cc "$T/badcc"
same "a compiler that fails" "$rc" 125
has "what it said is shown" "$out" "with status 3: disk on fire"
nothing_left "failed compiler"

# A compiler that brings in what a module must not call, or data that can be written.
cat >"$T/evilcc" <<CC
#!/bin/sh
case "\$*" in
*module.c*) echo '__attribute__((visibility("default"))) int system(const char *); int (*k_evil)(const char *) = system;' >>module.c ;;
esac
exec "$KRAIT_TEST_CC" "\$@"
CC
chmod +x "$T/evilcc"
run "$T/m.wasm" -o "$T/out/m.krt" --cc "$T/evilcc"
same "a module that calls system() is not made" "$rc" 125
has "the function is named" "$out" "'system'"
nothing_left "refused result"
sed -i 's/__attribute__((visib.*system;/static int k_state __attribute__((used)) = 1;/' "$T/evilcc"
run "$T/m.wasm" -o "$T/out/m.krt" --cc "$T/evilcc"
has "a module with writable data is not made" "$out" "has writable data: '.data'"
sed -i 's/static int k_state __attribute__((used)) = 1;/__attribute__((constructor)) static void k_run(void) { __asm__ volatile(""); }/' "$T/evilcc"
run "$T/m.wasm" -o "$T/out/m.krt" --cc "$T/evilcc"
has "a module with constructors is not made" "$out" "runs when it is loaded"
nothing_left "refused result"

run "$T/missing.wasm" -o "$T/out/x.krt"
same "a missing module" "$rc" 127
has "it is named" "$out" "missing.wasm': No such file or directory"
run "$T" -o "$T/out/x.krt"
same "a folder" "$rc" 126
printf 'hello' >"$T/text.wasm"
run "$T/text.wasm" -o "$T/out/x.krt"
same "not a module" "$rc" 126
has "the reason is told" "$out" "text.wasm': offset 0x0: not a WebAssembly module"
head -c 60 "$T/m.wasm" >"$T/cut.wasm"
run "$T/cut.wasm" -o "$T/out/x.krt"
same "a module that was cut" "$rc" 126
printf '(module (func (result i32) (i64.const 1)))' >"$T/bad.wat"
wat2wasm --no-check "$T/bad.wat" -o "$T/bad.wasm"
run "$T/bad.wasm" -o "$T/out/x.krt"
same "an invalid module" "$rc" 126
has "with offset, section and function" "$out" \
    "code section, function 0: end: type mismatch: expected i32, found i64"
run "$T/m.wasm" -o "$T/nowhere/x.krt"
same "no folder for the output" "$rc" 125
has "it is named" "$out" "nowhere/x.krt': No such file or directory"
nothing_left "refused input"

run "$T/m.wasm"
same "no output named" "$rc" 125
run -o "$T/out/x.krt"
same "no input named" "$rc" 125
run "$T/m.wasm" "$T/m.wasm" -o "$T/out/x.krt"
same "two inputs" "$rc" 125
run "$T/m.wasm" -o "$T/out/x.krt" --parts 0
same "no parts" "$rc" 125
run "$T/m.wasm" -o "$T/out/x.krt" --jobs many
has "a number that is none" "$out" "'many'"
run "$T/m.wasm" -o "$T/out/x.krt" -O fast
has "unsafe arithmetic is not for sale" "$out" "'fast'"
run "$T/m.wasm" -o "$T/out/x.krt" --memory 1000
has "too little memory" "$out" "--memory takes a size from 1M on, not '1000'"
run "$T/m.wasm" -o "$T/out/x.krt" --timeout -1
has "a time that is none" "$out" "--timeout takes a number"
(trap '' CHLD; "$KRAIT" compile "$T/m.wasm" -o "$T/x.krt") || failed "SIGCHLD ignored by the caller"
run --frobnicate
has "an unknown option" "$out" "'--frobnicate'"
run --help
same "help" "$rc" 0
has "help shows the options" "$out" "--emit-c"
nothing_left "wrong usage"

# A full disk: a limit on the size of files stands for it (the signal of the limit is ignored,
# so that writing fails with an error as it does on a full disk).
out=$(trap '' XFSZ; ulimit -f 4; "$KRAIT" compile "$T/m.wasm" -o "$T/out/x.krt" 2>&1)
same "no room for the files" "$?" 125
has "the reason is told" "$out" "File too large"
nothing_left "no room"

# Told to stop: it takes its compilers with it.
printf '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho $$ >>pids\nexec sleep 60\n' >"$T/slowcc"
chmod +x "$T/slowcc"
"$KRAIT" compile "$T/m.wasm" -o "$T/out/x.krt" --cc "$T/slowcc" --jobs 2 &
pid=$!
i=0
while ! { cp "$TMPDIR"/krait-compile.*/pids "$T/pids" 2>/dev/null && [ -s "$T/pids" ]; } && [ $i -lt 600 ]; do
    sleep 0.1
    i=$((i + 1))
done
check "the compiler was started" test -s "$T/pids"
kill -TERM $pid
wait $pid
same "ended by the signal" "$?" 143
alive=""
for child in $(cat "$T/pids"); do
    kill -0 "$child" 2>/dev/null && alive="$alive $child"
done
same "no compiler is left" "$alive" ""
nothing_left "told to stop"
finish
