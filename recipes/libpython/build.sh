# SPDX-License-Identifier: Apache-2.0
#
# CPython for wasm32-wasi: the library to embed and the standard library. recipes/cpython links
# the program, so that a change of guest/main does not compile CPython again.
# sources: python
# needs: wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: guest/libc guest/embed
# knobs: KRAIT_PYTHON_DEBUG KRAIT_PYTHON_PREFIX
#
# A version of CPython is a folder: facts, patches, Setup files, and answers for configure.
# KRAIT_PYTHON_DEBUG=1 is --with-pydebug; KRAIT_PYTHON_PREFIX a prefix other than /usr/local.
# docs/building-the-guest.md says what each flag is for and what was measured.
#
# This is the portable flavour, for every engine. Other recipes set, and source this file:
#   flavor=native    with guest/native, the part of libc that only Krait's host can serve
#   with_tests=yes   with the modules that only CPython's own tests import, and ensurepip

flavor=${flavor:-portable}
with_tests=${with_tests:-no}
version=${VERSION_PYTHON%.*}
own=$RECIPE/$version
. "$own/facts"
prefix=${KRAIT_PYTHON_PREFIX:-/usr/local}
debug=
abi=
if [ -n "${KRAIT_PYTHON_DEBUG:-}" ]; then
    debug=--with-pydebug
    abi=d
fi
unpack "$SRC_PYTHON" src --exclude=*/Doc --exclude=*/Mac --exclude=*/PC --exclude=*/PCbuild \
    --exclude=*/lib2to3/tests
(RECIPE=$own && apply_patches src)
SOURCE_DATE_EPOCH=$(date -r src/Include/patchlevel.h +%s)
export SOURCE_DATE_EPOCH

# The libraries in one place, reached by a relative path: so no path of this machine gets in.
mkdir dep build
for lib in "$DEP_ZLIB" "$DEP_BZIP2" "$DEP_XZ" "$DEP_SQLITE" "$DEP_EXPAT" "$DEP_MPDECIMAL"; do
    cp -R "$lib/include" "$lib/lib" dep/
done
build_python=$DEP_BUILD_PYTHON/bin/python3
cpp_flags=-I../dep/include
native_site=
native_library=
if [ "$flavor" = native ]; then
    cpp_flags="$cpp_flags -DKRAIT_NATIVE=1 -D_WASI_EMULATED_MMAN"
    native_site=$RECIPE/native.site
    native_library=../dep/lib/libkrait-native.a
    cp -R "$KRAIT_ROOT"/guest/native/include/. dep/include/
    # Stand-ins for functions of libc: without -fno-builtin they could call themselves.
    wasm_objects "-DNDEBUG -std=gnu11 -fno-builtin -D_GNU_SOURCE $cpp_flags -D_WASI_EMULATED_GETPID \
        -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -Idep/include -I$KRAIT_ROOT/include" \
        "$KRAIT_ROOT"/guest/native/*.c
    archive dep/lib/libkrait-native.a obj/*.o
fi

# --- configure and compile ------------------------------------------------------------

test_modules=--disable-test-modules
[ "$with_tests" = no ] || test_modules=--enable-test-modules
link_flags="-z stack-size=$stack -Wl,--stack-first -Wl,--initial-memory=$memory"
cd build
mkdir Modules
cat "$own/Setup.local" >Modules/Setup.local
[ "$flavor" != native ] || cat "$RECIPE/Setup.native" >>Modules/Setup.local
[ "$with_tests" = no ] || cat "$own/Setup.test" >>Modules/Setup.local
libc=$DEP_WASI_LIBC/lib/$TARGET
# shellcheck disable=SC2086 # one or none
function_answers ../src/configure -g $native_library "$libc/libc.a" "$libc/libwasi-emulated-signal.a" \
    "$libc/libwasi-emulated-getpid.a" "$libc/libwasi-emulated-process-clocks.a" >functions.site
# In one file: the configure of 3.11 reads no more. The last answer to a question holds.
for site in "../src/$upstream_site" "$own/config.site" "$RECIPE/config.site" ${native_site:+"$native_site"}; do
    [ ! -f "$site" ] || cat "$site"
done >config.site
cat functions.site config.site >all.site
# shellcheck disable=SC2086 # one or none
CONFIG_SITE=$PWD/all.site \
    ../src/configure --host=$host --build="$(../src/config.guess)" $debug \
    --with-build-python="$build_python" --prefix="$prefix" --with-pymalloc \
    --with-computed-gotos --without-ensurepip "$test_modules" \
    --with-system-expat --with-system-libmpdec --with-suffix=.wasm \
    CC="$wasm_cc" AR="$AR" NM="$NM" RANLIB="$RANLIB" READELF=true \
    OPT="-O3 -Wall" CFLAGS="$wasm_cflags" CPPFLAGS="$cpp_flags" LDFLAGS=-L../dep/lib
for wanted in HAVE_PTHREAD_STUBS WITH_PYMALLOC USE_COMPUTED_GOTOS; do
    grep -q "^#define $wanted 1" pyconfig.h || { echo "configure did not conclude $wanted"; exit 1; }
done
refused="HAVE_DLOPEN HAVE_FORK HAVE_DYNAMIC_LOADING"
[ "$flavor" = native ] || refused="$refused HAVE_CLOCK_NANOSLEEP"
for unwanted in $refused; do
    ! grep -q "^#define $unwanted 1" pyconfig.h || { echo "configure concluded $unwanted"; exit 1; }
done
# shellcheck disable=SC2086 # none or several
make -j "$JOBS" "libpython$version$abi.a" $hashes pybuilddir.txt

# --- the library to embed -------------------------------------------------------------

lib=$OUT/lib/wasm32-wasi
mkdir -p "$OUT/include" "$OUT/link" "$lib/pkgconfig"
cp -R ../src/Include "$OUT/include/python$version$abi"
cp pyconfig.h "$OUT/include/python$version$abi/"
find "$OUT/include" -name '*.txt' -exec rm -f {} +
# shellcheck disable=SC2086 # none or several
"$AR" qLcsD "$lib/libpython$version$abi.a" "libpython$version$abi.a" $hashes ../dep/lib/*.a
# The libraries by themselves, too, for extension modules that use them.
for part in "$DEP_ZLIB" "$DEP_BZIP2" "$DEP_XZ" "$DEP_SQLITE" "$DEP_EXPAT" "$DEP_MPDECIMAL"; do
    cp "$part"/lib/*.a "$lib/"
    cp -R "$part/include/." "$OUT/include/"
done
# Stand-ins for functions of libc; without -fno-builtin they would call themselves.
wasm_objects "-DNDEBUG -fno-builtin" "$KRAIT_ROOT"/guest/libc/*.c
# Refuses a module that was linked without the flags of the .pc files.
wasm_objects "-DNDEBUG -DKRAIT_STACK_SIZE=$stack" "$KRAIT_ROOT"/guest/embed/*.c
"$AR" qcsD "$lib/libpython$version$abi.a" obj/*.o
libs="-lwasi-emulated-signal -lwasi-emulated-getpid -lwasi-emulated-process-clocks -lm"
for pc in "libpython$version$abi" "python-$version$abi-embed"; do
    sed -e "s/@VERSION@/$version/g" -e "s/@ABI@/$abi/g" -e "s/@LIBS@/$libs/" -e "s/@LINK@/$link_flags/" \
        "$RECIPE/libpython.pc.in" >"$lib/pkgconfig/$pc.pc"
done

# --- the standard library -------------------------------------------------------------

sysconfigdata=$(echo "$(cat pybuilddir.txt)"/_sysconfigdata_*.py)
sed -i -e "s|$WORK|/usr/src/krait|g" -e "s|$DEP_WASI_LIBC|/usr/src/krait/sysroot|g" \
    -e "s|$DEP_BUILD_PYTHON|/usr/src/krait/build-python|g" "$sysconfigdata"
PYTHONHASHSEED=0
export PYTHONHASHSEED
"$build_python" -E -s "$RECIPE/stdlib.py" tests ../src/Lib "$OUT" &
tests=$!
library=library
[ "$with_tests" = no ] || library=test-library
"$build_python" -E -s "$RECIPE/stdlib.py" $library ../src/Lib "$OUT" "$sysconfigdata" "$prefix"
wait $tests

mkdir -p "$OUT/share/doc/cpython"
cp ../src/LICENSE "$OUT/share/doc/cpython/"
for lib in "$DEP_WASI_LIBC" "$DEP_ZLIB" "$DEP_BZIP2" "$DEP_XZ" "$DEP_EXPAT" "$DEP_MPDECIMAL"; do
    cp -R "$lib/share/doc/." "$OUT/share/doc/"
done

# --- for who links the program --------------------------------------------------------

cat >"$OUT/link/flags" <<END
SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH
link_flags="$link_flags"
libs="$libs"
stack=$stack
abi=$abi
prefix=$prefix
END
sed -n "s/^  \\$ [^ ]*configure //p" config.log |
    sed -e "s|$WORK|/usr/src/krait|g" -e "s|$DEP_WASI_LIBC|/usr/src/krait/sysroot|g" \
        -e "s|$DEP_BUILD_PYTHON|/usr/src/krait/build-python|g" >"$OUT/link/configure-args"
