# SPDX-License-Identifier: Apache-2.0
# scripts/build-python-wasi.sh: libraries one by one beside the one that holds all, and headers, for
# programs that name each of them when they are linked.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
toolchain
ln -s "$compat/scripts" scripts
do_block 000-libraries
same "build-python-wasi.sh" "$rc" 0
[ "$rc" -eq 0 ] || { printf '%s\n' "$out" && finish; }
cd build/python-wasi || exit 1
for library in python$x mpdec expat sqlite3 z bz2 lzma Hacl_Hash_SHA2; do
    check "lib$library.a" "$tools/llvm-nm" --quiet "lib/lib$library.a"
done
check "Python.h and pyconfig.h" test -f include/Python.h -a -f include/pyconfig.h
check "sqlite3.h" test -f include/sqlite3.h

# An embedder that names every library, in the order of the script that it comes from.
cat >main.c <<'END'
#include <Python.h>
#include <sqlite3.h>
#include <zlib.h>

int
main(void)
{
    Py_Initialize();
    printf("%s %s\n", sqlite3_libversion(), zlibVersion());
    PyRun_SimpleString("import sys, zlib, _sqlite3, _sha2\n"
                       "print(sys.version_info[:2])\n");
    return Py_FinalizeEx() != 0;
}
END
sysroot=$("$KRAIT_SOURCE_DIR/recipes/build" --where wasi-libc 2>/dev/null)
target=$(basename "$(ls -d "$sysroot"/lib/wasm32-wasi* | head -n 1)")
hacl=$(for file in lib/libHacl_*.a; do printf '%s ' "-l$(basename "$file" .a | cut -c4-)"; done)
# shellcheck disable=SC2086 # words
check "it links" "$tools/clang" --target="$target" --sysroot="$sysroot" -O1 -Iinclude main.c -o main.wasm -Llib \
    -lpython$x -lmpdec -lexpat -lsqlite3 $hacl -lz -lbz2 -llzma -lm \
    -lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks \
    -z stack-size=8388608 -Wl,--stack-first -Wl,--initial-memory=20971520
same "it runs" "$(krait run --dir python/usr::/usr main.wasm 2>&1 | tail -n 1)" "(3, ${x#3.})"
finish
