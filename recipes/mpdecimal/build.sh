# SPDX-License-Identifier: Apache-2.0
#
# libmpdec of mpdecimal for the guest: 32-bit words in plain C, as CPython's _decimal wants
# it on a machine with 32-bit pointers.
# sources: mpdecimal
# needs: wasi-libc

unpack "$SRC_MPDECIMAL" src
mkdir build
cd build
../src/configure --host=wasm32-wasi --prefix=/ --disable-shared --disable-cxx \
    MACHINE=ansi32 CC="$wasm_cc" LD="$wasm_cc" AR="$AR" RANLIB="$RANLIB" \
    CFLAGS="$wasm_cflags $wasm_maps -D_WASI_EMULATED_SIGNAL"
make -j "$JOBS" -C libmpdec libmpdec.a
mkdir -p "$OUT/include" "$OUT/lib"
cp libmpdec/mpdecimal.h "$OUT/include/"
cp libmpdec/libmpdec.a "$OUT/lib/"
licences ../src/COPYRIGHT.txt
