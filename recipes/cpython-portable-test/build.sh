# SPDX-License-Identifier: Apache-2.0
#
# recipes/cpython with what its tests need besides: what `krait test --on wasmtime` is shown.
# Built by hand only.
# sources: python
# needs: wasi-libc zlib bzip2 xz sqlite expat mpdecimal build-python
# inputs: recipes/cpython guest/main guest/libc tests/guest/imports.txt

with_tests=yes
RECIPE=$KRAIT_ROOT/recipes/cpython
. "$RECIPE/build.sh"
