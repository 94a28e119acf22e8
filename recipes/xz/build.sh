# SPDX-License-Identifier: Apache-2.0
#
# liblzma of xz for the guest: no threads, none of the programs.
# sources: xz
# needs: wasi-libc

unpack "$SRC_XZ" src
mkdir build
cd build
../src/configure --host=wasm32-wasi --prefix=/ --disable-shared --enable-static \
    --disable-threads --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo \
    --disable-scripts --disable-doc --disable-nls --disable-dependency-tracking \
    CC="$wasm_cc" AR="$AR" NM="$NM" RANLIB="$RANLIB" CFLAGS="$wasm_cflags $wasm_maps"
make -j "$JOBS" -C src/liblzma
make -C src/liblzma DESTDIR="$OUT" install
rm -rf "$OUT/lib/pkgconfig" "$OUT"/lib/*.la
licences ../src/COPYING ../src/COPYING.0BSD
