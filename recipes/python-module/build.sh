# SPDX-License-Identifier: Apache-2.0
#
# The module runtime: recipes/module-program with the whole standard library packed into it. `krait
# module` adds a script to it. KRAIT_PROGRAM is the krait that packs; it is no part of the key, but the
# sources that decide what it writes are.
# needs: module-program
# inputs: pack include/krait/pack.h include/krait/pack_format.h cli/pack_base.c cli/pack_compile.c cli/pack_gather.c
# compiler: none

[ -x "${KRAIT_PROGRAM:-}" ] || { echo "KRAIT_PROGRAM is '${KRAIT_PROGRAM:-}', which is no program"; exit 1; }

mkdir "$OUT/bin"
"$KRAIT_PROGRAM" pack --python "$DEP_MODULE_PROGRAM/bin/python.wasm" -o "$OUT/bin/python.wasm"
"$KRAIT_PROGRAM" pack --verify "$OUT/bin/python.wasm"
mkdir -p "$OUT/lib/wasm32-wasi"
cp "$DEP_MODULE_PROGRAM"/lib/wasm32-wasi/libkrait_*.a "$OUT/lib/wasm32-wasi/"
cp -R --preserve=mode,timestamps,links --reflink=auto "$DEP_MODULE_PROGRAM/share" "$OUT/"
cp "$DEP_MODULE_PROGRAM/MANIFEST.json" "$OUT/"
rm -f "$OUT/SOURCES"
(cd "$OUT" && find . -type f ! -name SHA256SUMS | sort | sed 's:^\./::' | xargs sha256sum >SHA256SUMS)
