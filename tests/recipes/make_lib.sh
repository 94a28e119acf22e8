# SPDX-License-Identifier: Apache-2.0
# For tests of `krait build-python`: recipes of a few lines that make a tree like the real ones.
# Its program says what a Python says to -V and to a -c, and nothing else.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
unset NO_OPT DEBUG RL WASI_SDK_ROOT PYTHON_VER INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX BUILD_PYTHON_DIR \
    SOURCE_DATE_EPOCH KRAIT_PYTHON_DEBUG KRAIT_PYTHON_PREFIX KRAIT_PYTHON_LINE
for tool in python3 wat2wasm clang; do
    command -v $tool >/dev/null || [ $tool = clang ] || skip "no $tool"
done
R=$T/recipes
mkdir -p "$R/cpython" "$R/build-python" "$R/python-opt" "$R/binaryen" "$src"
cp "$KRAIT_SOURCE_DIR/recipes/lib.sh" "$R/"
KRAIT_RECIPES=$R
KRAIT_JOBS=2
TEST_T=$T
TEST_WASM=$T/said.wasm
export KRAIT_RECIPES KRAIT_JOBS TEST_T TEST_WASM

# program FILE VERSION ANSWER: a module that prints the version when its second argument is -V.
program() {
    cat >"$T/said.wat" <<EOF
(module
  (import "wasi_snapshot_preview1" "fd_write" (func \$write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func \$args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "\10\10\00\00\0e\00\00\00\20\10\00\00\03\00\00\00")
  (data (i32.const 0x1010) "Python $2\n")
  (data (i32.const 0x1020) "$3\n")
  (func (export "_start")
    (drop (call \$args (i32.const 128) (i32.const 256)))
    (drop (call \$write (i32.const 1)
      (select (i32.const 64) (i32.const 72)
        (i32.eq (i32.load8_u offset=1 (i32.load (i32.const 132))) (i32.const 86)))
      (i32.const 1) (i32.const 0)))))
EOF
    wat2wasm "$T/said.wat" -o "$1" || exit 1
}

cat >"$R/cpython/build.sh" <<'EOF'
# sources: python
# knobs: KRAIT_PYTHON_DEBUG KRAIT_PYTHON_PREFIX
echo "what a compiler prints"
prefix=${KRAIT_PYTHON_PREFIX:-/usr/local}
x=${VERSION_PYTHON%.*}
short=$(printf %s "$x" | tr -d .)
lib=$OUT$prefix/lib
mkdir -p "$OUT/bin" "$OUT/include" "$OUT/share/doc/cpython" "$OUT/usr/local/share/krait/test-lib" \
    "$lib/python$x/__pycache__" "$lib/python$x/json/__pycache__" "$lib/python$x/lib-dynload"
cp "$TEST_WASM" "$OUT/bin/python.wasm"
mkdir "$OUT/usr/local/share/krait/test-lib/test"
echo tests >"$OUT/usr/local/share/krait/test-lib/test/__init__.py"
echo 'import json' | tee "$lib/python$x/os.py" >"$lib/python$x/json/__init__.py"
echo code | tee "$lib/python$x/__pycache__/os.pyc" >"$lib/python$x/json/__pycache__/__init__.pyc"
: >"$lib/python$x/lib-dynload/.empty"
(cd "$lib" && python3 -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    for name in "os.pyc", "json/__init__.pyc":
        z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), b"code")' "python$short.zip")
echo licence >"$OUT/share/doc/cpython/LICENSE"
printf '{\n  "format": 1,\n  "source_date_epoch": 1000,\n  "sources": {"python": {"version": "%s", "sha256": "%s", "file": "x"}},\n  "version": "%s"\n}\n' \
    "$VERSION_PYTHON" "$SUM_PYTHON" "$VERSION_PYTHON" >"$OUT/MANIFEST.json"
rm "$OUT/SOURCES"
[ ! -f "$TEST_T/hook" ] || . "$TEST_T/hook"
echo cpython >>"$TEST_T/ran"
EOF
cat >"$R/build-python/build.sh" <<'EOF'
# sources: python
# compiler: native
mkdir "$OUT/bin"
ln -s "$(command -v python3)" "$OUT/bin/python3"
EOF
cat >"$R/python-opt/build.sh" <<'EOF'
# needs: cpython
cp -R "$DEP_CPYTHON/." "$OUT/"
echo python-opt >>"$TEST_T/ran"
EOF

# Archives of three versions that play CPython; the known lines are those of the real locks.
archive() {
    mkdir -p "$T/py/Include"
    printf '#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION %s\n#define PY_MICRO_VERSION %s\n' "$1" "$2" \
        >"$T/py/Include/patchlevel.h"
    tar -cf "$up/Python-3.$1.$2.tar" -C "$T" py
}
archive 13 5
line_up python 3.13.5 Python-3.13.5.tar >"$R/sources.lock"
program "$TEST_WASM" 3.13.5 42

make_python() {
    (cd "$T" && KRAIT_PROGRAM=$KRAIT "$KRAIT_SOURCE_DIR/recipes/make-python" "$@") >"$T/out" 2>"$T/err" </dev/null
    rc=$?
    out=$(cat "$T/out")
    err=$(cat "$T/err")
}
ran() { cat "$T/ran" 2>/dev/null | tr '\n' ' '; }
forget() { rm -f "$T/ran"; }
files() { (cd "$1" && find . -type f | sed 's:^\./::' | sort | tr '\n' ' '); }
