# SPDX-License-Identifier: Apache-2.0
#
# The runtime of `krait run`: python.wasm translated to native code, with the standard
# library beside it. KRAIT_PROGRAM is the krait that translates; it is no part of the key,
# but the sources that decide what it emits are.
# needs: cpython-native
# inputs: aot include/krait/abi.h host/base/krt.h host/base/krt.c host/base/cpu.h host/base/cpu.c
# compiler: both
# knobs: KRAIT_OPT_LEVEL

[ -x "${KRAIT_PROGRAM:-}" ] || { echo "KRAIT_PROGRAM is '${KRAIT_PROGRAM:-}', which is no program"; exit 1; }

"$KRAIT_PROGRAM" compile --cc "$BUILD_CC" --jobs "$JOBS" -O "${KRAIT_OPT_LEVEL:-2}" \
    --first "$KRAIT_ROOT/recipes/python-krt/first" \
    "$DEP_CPYTHON_NATIVE/bin/python.wasm" -o "$OUT/python.krt"
cp -R --preserve=mode,timestamps,links --reflink=auto "$DEP_CPYTHON_NATIVE/bin" "$DEP_CPYTHON_NATIVE/usr" \
    "$DEP_CPYTHON_NATIVE/share" "$DEP_CPYTHON_NATIVE/MANIFEST.json" "$OUT/"
# sys.path has the zip first; imports from the tree are quicker.
rm -f "$OUT"/usr/local/lib/python*.zip
