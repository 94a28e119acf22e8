# SPDX-License-Identifier: Apache-2.0
#
# recipes/libpython with the modules that only CPython's own tests import, and ensurepip.
# sources: python
# needs: wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/libpython guest/libc guest/embed
# knobs: KRAIT_PYTHON_DEBUG KRAIT_PYTHON_PREFIX

with_tests=yes
RECIPE=$KRAIT_ROOT/recipes/libpython
. "$RECIPE/build.sh"
