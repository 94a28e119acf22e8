# SPDX-License-Identifier: Apache-2.0
#
# The runtime of `krait test`: recipes/cpython-test translated, as recipes/python-krt does.
# needs: cpython-test
# inputs: recipes/python-krt aot include/krait/abi.h
# compiler: both

DEP_CPYTHON=$DEP_CPYTHON_TEST
. "$KRAIT_ROOT/recipes/python-krt/build.sh"
