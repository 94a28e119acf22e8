# SPDX-License-Identifier: Apache-2.0
# Requirement 004: run.sh with the library inside, as sources inside, and outside; all of it below
# /opt/wasi-python. Without wasm-opt, as it was there.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
NO_OPT=1
DESTDIR=$T
export NO_OPT DESTDIR
prefix=/opt/wasi-python
list="['', '$prefix/lib/python$xx.zip', '$prefix/lib/python$x', '$prefix/lib/python$x/lib-dynload'"
code='import sys, json; print([p for p in sys.path if not p.endswith("site-packages")], sys.dont_write_bytecode, json.__file__)'

# with_words ID WORD...: the block's command with more words behind.
with_words() {
    command_of "$1" >"$T/command"
    shift
    printf '%s "$@"\n' "$(cat "$T/command")" >"$T/command"
    out=$(sh -eu "$T/command" "$@" </dev/null 2>&1)
    rc=$?
}
build() {
    out=$("$@" 2>"$T/err" </dev/null)
    rc=$?
    [ "$rc" -eq 0 ] || cat "$T/err"
}

# 003-python-wasi and 004-build: run.sh in a folder of its own.
for id in 003-python-wasi 004-build; do
    same "$id" "$(block $id | tail -n 1)" ./run.sh
done
ln -s "$compat/run.sh" run.sh
build ./run.sh
same "run.sh prints the version that it ran" "$rc: $(printf '%s\n' "$out" | sed "s/$x\.[0-9]*\$/$x/")" "0: Python $x
wasi-python$x.wasm"
# 003-run holds 004-packed and 004-mapped.
same "both documents have the same command" "$(block 003-run | sed -n 2p)" "$(block 004-packed)"
with_words 004-packed -c "$code"
same "nothing has to be mapped" "$rc: $out" "0: $list] False $prefix/lib/python$x/json/__init__.pyc"
with_words 004-packed -V
same "the smoke test" "$rc: ${out%.*}" "0: Python $x"

build env COMPILE_STDLIB=0 ./run.sh
same "COMPILE_STDLIB=0" "$rc" 0
with_words 004-sources -c "$code"
same "sources inside, -B" "$rc: $out" "0: $list] True $prefix/lib/python$x/json/__init__.py"
out=$(krait run -e PYTHONDONTWRITEBYTECODE=1 -- "wasi-python$x.wasm" -c "$code" 2>&1)
same "the same by a variable" "$?: $out" "0: $list] True $prefix/lib/python$x/json/__init__.py"

build env INCLUDE_STDLIB=0 ./run.sh
same "INCLUDE_STDLIB=0" "$rc" 0
check "the library is outside" test -f "$T$prefix/lib/python$x/os.py"
has "it is said how to map it" "$(cat "$T/err")" "--mapdir=$prefix/lib/python$x::$T$prefix/lib/python$x"
with_words 004-mapped -c "$code"
same "the library mapped" "$rc: $out" "0: $list] False $prefix/lib/python$x/json/__init__.py"
out=$(krait run -- "wasi-python$x.wasm" -c "$code" 2>&1)
same "not mapped" "$?" 1
# PYTHONHOME says where the installation was put.
out=$(krait run --mapdir=/else/where::opt/wasi-python -e PYTHONHOME=/else/where -- "wasi-python$x.wasm" -c "$code" 2>&1)
same "relocated" "$?: $out" "0: ['', '/else/where/lib/python$xx.zip', '/else/where/lib/python$x', '/else/where/lib/python$x/lib-dynload'] False /else/where/lib/python$x/json/__init__.py"

# One file of CPython's own tests. (Started by its path it takes its folder for the place of
# programs; a test of another class of it then runs the whole suite, on every system.)
with_words 004-tests ExecutionLayerTestCase RunModuleTestCase
same "CPython's own tests" "$rc: $(printf '%s\n' "$out" | tail -n 1)" "0: OK"

# 003-stage, the second line.
ln -s "$compat/scripts" scripts
block 003-stage | sed -n 2p >command
out=$(sh -eu command 2>"$T/err" </dev/null)
same "build_wasi.sh --mode python-wasi" "$?: $out" "0: $T/out/wasi/python.wasm"
check "under both names" cmp out/wasi/python.wasm "out/wasi/wasi-python$x.wasm"
same "it runs alone" "$(cd / && krait run "$T/out/wasi/python.wasm" -c 'import json; print(json.loads("42"))' 2>&1)" 42
finish
