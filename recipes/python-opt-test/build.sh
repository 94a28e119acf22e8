# SPDX-License-Identifier: Apache-2.0
#
# recipes/python-opt with the modules that only CPython's own tests import: --flavor test.
# sources: python
# needs: cpython-portable-test binaryen build-python
# inputs: recipes/python-opt recipes/cpython/check_wasm.py recipes/libpython tests/guest/imports.txt

DEP_CPYTHON=$DEP_CPYTHON_PORTABLE_TEST
. "$KRAIT_ROOT/recipes/python-opt/build.sh"
