# SPDX-License-Identifier: Apache-2.0
#
# zlib for the guest.
# sources: zlib
# needs: wasi-libc

unpack "$SRC_ZLIB" src
cd src
CC=$wasm_cc AR=$AR RANLIB=$RANLIB CFLAGS="$wasm_cflags $wasm_maps" uname=WASI \
    ./configure --static --prefix=/
make -j "$JOBS" libz.a
mkdir -p "$OUT/include" "$OUT/lib"
cp zlib.h zconf.h "$OUT/include/"
cp libz.a "$OUT/lib/"
licences LICENSE
