# SPDX-License-Identifier: Apache-2.0
# tools/check-globals on a library with a writable global.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
try() {
    printf '%s\n' "$1" >"$T/a.c"
    "$KRAIT_TEST_CC" -fPIC -c "$T/a.c" -o "$T/a.o" || exit 1
    out=$("$KRAIT_SOURCE_DIR/tools/check-globals" "$T/a.o")
    rc=$?
    [ $rc -ne 77 ] || skip "$out"
}
try 'const int a = 1; static const char *const t[] = {"x", "y"}; _Thread_local int b; const char *f(int i) { b++; return t[i]; }'
same "constants and thread-local data are accepted ($out)" $rc 0
try 'int counter = 3;'
same "a writable global is refused" $rc 1
has "it is named" "$out" "'counter' in .data"
try 'static int hits; int f(void) { return hits++; }'
same "a static one is refused" $rc 1
has "it is named" "$out" "'hits' in .bss"
finish
