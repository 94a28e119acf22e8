# SPDX-License-Identifier: Apache-2.0
#
# wasi-libc: the C library of everything in the guest, without threads, as a sysroot.
# sources: wasi-libc
# compiler: wasm
#
# Its CMake asks for 3.26 but uses nothing of it (Debian 12 has 3.25), and downloads the
# compiler's builtins unless it is told where they are. libpthread.a is an empty archive,
# and libc.a has pthread_create and friends that only fail: with them CPython's configure
# concludes that there are threads. Without libpthread.a it sees what is true.

unpack "$SRC_WASI_LIBC" src --exclude=*/test
apply_patches src
sed -i 's/^cmake_minimum_required(VERSION 3\.26)/cmake_minimum_required(VERSION 3.25)/' src/CMakeLists.txt

generator="Unix Makefiles"
! command -v ninja >/dev/null || generator=Ninja
cmake -S src -B build -G "$generator" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_AR="$AR" -DCMAKE_NM="$NM" -DCMAKE_RANLIB="$RANLIB" \
    -DCMAKE_C_FLAGS_RELEASE="-DNDEBUG $wasm_cflags $wasm_maps" -DCMAKE_TRY_COMPILE_CONFIGURATION=Debug \
    -DTARGET_TRIPLE="$TARGET" -DBUILTINS_LIB="$BUILTINS" -DBUILD_SHARED=OFF
cmake --build build --parallel "$JOBS"

mkdir -p "$OUT"
cp -R build/sysroot/include build/sysroot/lib "$OUT/"
rm -f "$OUT/lib/$TARGET/libpthread.a"
licences src/LICENSE*
