# SPDX-License-Identifier: Apache-2.0
#
# recipes/cpython with what its tests need besides: what `krait test --on wasmtime` is shown.
# Built by hand only.
# sources: python
# needs: libpython-portable-test wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/cpython guest/main guest/pack include/krait/guest.h include/krait/pack_format.h tests/guest/imports.txt

DEP_LIBPYTHON=$DEP_LIBPYTHON_PORTABLE_TEST
RECIPE=$KRAIT_ROOT/recipes/cpython
. "$RECIPE/build.sh"
