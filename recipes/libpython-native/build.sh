# SPDX-License-Identifier: Apache-2.0
#
# CPython's library with what only Krait's own host can serve (guest/native).
# sources: python
# needs: wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/libpython guest/libc guest/embed guest/native include/krait/guest.h
# knobs: KRAIT_PYTHON_DEBUG KRAIT_PYTHON_PREFIX

flavor=native
RECIPE=$KRAIT_ROOT/recipes/libpython
. "$RECIPE/build.sh"
