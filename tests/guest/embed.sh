# SPDX-License-Identifier: Apache-2.0
# A program that embeds the guest's Python, built with nothing but the .pc file: it links,
# imports nothing new, and has the stack where an overflow traps. Argument: the recipe,
# cpython-native or cpython (portable).
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
build=$KRAIT_SOURCE_DIR/recipes/build
imports=$KRAIT_SOURCE_DIR/tests/guest/imports.txt
[ "$1" != cpython-native ] || imports=$KRAIT_SOURCE_DIR/tests/guest/imports-native.txt
tree=$("$build" --where "$1" 2>/dev/null) || skip "recipes/build has not built these sources"
sysroot=$("$build" --where wasi-libc 2>/dev/null) || skip "the sysroot is not in the cache"
say() { echo "$@"; }
. "$KRAIT_SOURCE_DIR/recipes/tools.sh"
mkdir "$T/run"
tools_find "$T/run" >/dev/null 2>&1 || skip "no compiler for WebAssembly"

# What pkg-config --define-prefix would print; it is not needed for four lines.
pc=$tree/lib/wasm32-wasi/pkgconfig/python-3.13-embed.pc
flags() {
    sed -n "s/^$1: //p" "$pc" | sed -e "s:\${includedir}:$tree/include/python3.13:" \
        -e "s:\${libdir}:$tree/lib/wasm32-wasi:"
}
cat >"$T/main.c" <<'EOF'
#include <Python.h>
int main(void) {
    Py_Initialize();
    int rc = PyRun_SimpleString("import sqlite3, zlib, bz2, lzma, decimal, pyexpat");
    return Py_FinalizeEx() < 0 || rc != 0;
}
EOF
# shellcheck disable=SC2046,SC2086 # flags
check "it links" $CC --target=$TARGET --sysroot="$sysroot" $(flags Cflags) "$T/main.c" \
    $(flags Libs) -o "$T/main.wasm"
check "the module can be read" python3 "$KRAIT_SOURCE_DIR/recipes/cpython/check_wasm.py" --list "$T/main.wasm"
python3 "$KRAIT_SOURCE_DIR/recipes/cpython/check_wasm.py" "$T/main.wasm" \
    "$imports" 2>"$T/problems"
same "nothing is imported that python.wasm does not import" "$(grep 'not in the list' "$T/problems")" ""
same "the stack is as large and as low" "$(grep 'the stack starts' "$T/problems")" ""

# Without the flags it links as well: then the library itself has to say so (guest.stack-check,
# engines.embed). CPython refers to the check, so that it is there for certain.
# shellcheck disable=SC2046,SC2086 # flags
check "it links without the flags of the stack" $CC --target=$TARGET --sysroot="$sysroot" $(flags Cflags) \
    "$T/main.c" $(flags Libs | sed 's/ -z .*//') -o "$T/bare.wasm"
has "the check of the stack is inside" "$(tr -c '[:print:]' '\n' <"$T/bare.wasm" | grep krait_stack_check)" \
    krait_stack_check
finish
