# SPDX-License-Identifier: Apache-2.0
#
# The program of modules that are made of Python scripts: CPython as a reactor with process(),
# with the module `wadup`, with room for packed files; after wasm-opt. docs/module-interface.md.
# recipes/python-module packs the standard library into it.
# sources: python
# needs: libpython wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python binaryen
# inputs: guest/module guest/wadup guest/pack include/krait/module.h include/krait/pack_format.h tests/guest/imports-module.txt recipes/cpython/manifest.py recipes/cpython/check_wasm.py recipes/python-opt/sums.py
#
# Nothing that is undefined becomes an import: the linker refuses it, and the list of imports is
# compared. libkrait_module.a has the objects for who links a module with code of its own; the
# stand-ins in it are weak. libkrait_pack.a is that of recipes/cpython.

version=${VERSION_PYTHON%.*}
build_python=$DEP_BUILD_PYTHON/bin/python3
cpython=$KRAIT_ROOT/recipes/cpython
for part in lib share usr; do
    cp -R --preserve=mode,timestamps,links --reflink=auto "$DEP_LIBPYTHON/$part" "$OUT/"
done
. "$DEP_LIBPYTHON/link/flags"
export SOURCE_DATE_EPOCH
library=$OUT/lib/wasm32-wasi

# No -O at the end: with it the driver runs a wasm-opt that is on PATH, which drops the names.
mkdir "$OUT/bin"
wasm_objects "-D_GNU_SOURCE -I$KRAIT_ROOT/include -I$DEP_ZLIB/include" "$KRAIT_ROOT"/guest/pack/*.c
archive "$library/libkrait_pack.a" obj/*.o
rm obj/*.o
wasm_objects "-DNDEBUG -D_GNU_SOURCE -D_WASI_EMULATED_SIGNAL -I$KRAIT_ROOT/include \
    -I$DEP_LIBPYTHON/include/python$version$abi" "$KRAIT_ROOT"/guest/wadup/*.c "$KRAIT_ROOT"/guest/module/*.c
archive "$library/libkrait_module.a" obj/*.o
$wasm_cc -mexec-model=reactor $link_flags -Wl,--strip-debug -Wl,--export=krait_pack_slot -o linked.wasm \
    obj/*.o "-L$library" -lkrait_pack "-lpython$version$abi" $libs
before=$(sha256sum <linked.wasm | cut -d' ' -f1)

# As recipes/python-opt.
flags="-O2 -g --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals"
# shellcheck disable=SC2086 # words
LD_LIBRARY_PATH=$DEP_BINARYEN/lib "$DEP_BINARYEN/bin/wasm-opt" $flags linked.wasm -o "$OUT/bin/python.wasm"
"$build_python" -I "$RECIPE/check_module.py" "$cpython" --stack "$stack" "$OUT/bin/python.wasm" \
    "$KRAIT_ROOT/tests/guest/imports-module.txt"

"$build_python" -E -s "$cpython/manifest.py" "$OUT" "$DEP_LIBPYTHON/link/configure-args" "$link_flags" \
    "$wasm_cflags" module "$prefix"
read -r _ _ archive _ <"$DEP_BINARYEN/SOURCES"
program=$(LD_LIBRARY_PATH=$DEP_BINARYEN/lib "$DEP_BINARYEN/bin/wasm-opt" --version)
"$build_python" -E -s "$KRAIT_ROOT/recipes/python-opt/sums.py" "$OUT" \
    wasm_opt="{\"program\": \"$program\", \"flags\": \"$flags\", \"archive_sha256\": \"$archive\", \"sha256_before\": \"$before\"}"
