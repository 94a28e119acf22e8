# SPDX-License-Identifier: Apache-2.0
#
# The runtime of `krait test`: recipes/cpython-native-test translated, as recipes/python-krt does.
# needs: cpython-native-test
# inputs: recipes/python-krt aot include/krait/abi.h
# compiler: both
# knobs: KRAIT_OPT_LEVEL

DEP_CPYTHON_NATIVE=$DEP_CPYTHON_NATIVE_TEST
. "$KRAIT_ROOT/recipes/python-krt/build.sh"
