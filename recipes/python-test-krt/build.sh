# SPDX-License-Identifier: Apache-2.0
#
# The runtime of `krait test`: recipes/cpython-native-test translated, as recipes/python-krt does.
# needs: cpython-native-test
# inputs: recipes/python-krt aot include/krait/abi.h host/base/krt.h host/base/krt.c host/base/cpu.h host/base/cpu.c
# compiler: both
# knobs: KRAIT_OPT_LEVEL

DEP_CPYTHON_NATIVE=$DEP_CPYTHON_NATIVE_TEST
. "$KRAIT_ROOT/recipes/python-krt/build.sh"
