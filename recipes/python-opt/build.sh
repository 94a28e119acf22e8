# SPDX-License-Identifier: Apache-2.0
#
# The portable flavour after wasm-opt: smaller, and faster in engines that do not optimise much
# themselves. Who embeds the library runs it on a program of their own.
# sources: python
# needs: cpython binaryen build-python
# inputs: recipes/cpython/check_wasm.py recipes/libpython tests/guest/imports.txt
#
# recipes/python-opt-test sets DEP_CPYTHON and sources this file. The flags: -O2, for -O3 takes
# twice the time and its file is larger; -g keeps the names; the features are those of lib.sh
# under wasm-opt's names. docs/building-the-guest.md has what was measured.

version=${VERSION_PYTHON%.*}
build_python=$DEP_BUILD_PYTHON/bin/python3
flags="-O2 -g --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext --enable-mutable-globals"

cp -R --preserve=mode,timestamps,links --reflink=auto "$DEP_CPYTHON/." "$OUT/"
rm -f "$OUT/SOURCES"
before=$(sha256sum <"$OUT/bin/python.wasm" | cut -d' ' -f1)
# shellcheck disable=SC2086 # words
LD_LIBRARY_PATH=$DEP_BINARYEN/lib "$DEP_BINARYEN/bin/wasm-opt" $flags "$OUT/bin/python.wasm" -o python.wasm
cat python.wasm >"$OUT/bin/python.wasm"
. "$KRAIT_ROOT/recipes/libpython/$version/facts"
"$build_python" -I "$KRAIT_ROOT/recipes/cpython/check_wasm.py" --stack "$stack" "$OUT/bin/python.wasm" \
    "$KRAIT_ROOT/tests/guest/imports.txt"
read -r _ _ archive _ <"$DEP_BINARYEN/SOURCES"
program=$(LD_LIBRARY_PATH=$DEP_BINARYEN/lib "$DEP_BINARYEN/bin/wasm-opt" --version)
"$build_python" -E -s "$KRAIT_ROOT/recipes/python-opt/sums.py" "$OUT" \
    wasm_opt="{\"program\": \"$program\", \"flags\": \"$flags\", \"archive_sha256\": \"$archive\", \"sha256_before\": \"$before\"}"
