# SPDX-License-Identifier: Apache-2.0
#
# CPython as `krait run` loads it: recipes/cpython, and what only Krait's own host can serve
# (guest/native). No other engine runs it.
# sources: python
# needs: libpython-native wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/cpython guest/main guest/session guest/wadup include/krait/guest.h include/krait/guest_call.h include/krait/module.h tests/guest/imports-native.txt

flavor=native
DEP_LIBPYTHON=$DEP_LIBPYTHON_NATIVE
RECIPE=$KRAIT_ROOT/recipes/cpython
. "$RECIPE/build.sh"
