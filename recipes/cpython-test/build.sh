# SPDX-License-Identifier: Apache-2.0
#
# CPython as recipes/cpython makes it, with the extension modules that only its tests use
# (_testcapi and its like) and with ensurepip. `krait test` runs it; nobody else gets it.
# sources: python
# needs: wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/cpython guest/main guest/libc tests/guest/imports.txt

FLAVOR=test
RECIPE=$KRAIT_ROOT/recipes/cpython
. "$RECIPE/build.sh"
