# SPDX-License-Identifier: Apache-2.0
#
# recipes/cpython-native with what its tests need besides: what `krait test` runs.
# sources: python
# needs: libpython-native-test wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/cpython guest/main guest/session guest/wadup include/krait/guest.h include/krait/guest_call.h include/krait/module.h tests/guest/imports-native.txt

flavor=native
DEP_LIBPYTHON=$DEP_LIBPYTHON_NATIVE_TEST
RECIPE=$KRAIT_ROOT/recipes/cpython
. "$RECIPE/build.sh"
