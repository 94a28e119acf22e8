# SPDX-License-Identifier: Apache-2.0
#
# bzip2 for the guest.
# sources: bzip2
# needs: wasi-libc

unpack "$SRC_BZIP2" src
cd src
make -j "$JOBS" libbz2.a CC="$wasm_cc" AR="$AR" RANLIB="$RANLIB" \
    CFLAGS="$wasm_cflags $wasm_maps -D_FILE_OFFSET_BITS=64"
mkdir -p "$OUT/include" "$OUT/lib"
cp bzlib.h "$OUT/include/"
cp libbz2.a "$OUT/lib/"
licences LICENSE
