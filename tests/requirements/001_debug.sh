# SPDX-License-Identifier: Apache-2.0
# Requirement 001: a debug build, traced. Its library and its program are in ./cpython; the
# document's ./python was a slip.
. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"
ln -s "$compat/build.sh" build.sh
mkdir deps
cat >test.py <<'END'
import sys
import sysconfig
import tracemalloc
import unittest


class Debug(unittest.TestCase):
    def test_debug(self):
        self.assertEqual(sysconfig.get_config_var("Py_DEBUG"), 1)
        self.assertTrue(hasattr(sys, "gettotalrefcount"))

    def test_trace(self):
        self.assertTrue(tracemalloc.is_tracing())


unittest.main()
END
command_of 001-debug | sed -e 's,/python/,/cpython/,g' >"$T/command"
# The build is one half of the line, the run the other.
out=$(sh -eu "$T/command" 2>&1 </dev/null)
same "built and run" "$?" 0
has "both tests ran" "$out" "Ran 2 tests"
has "and passed" "$out" "test_trace (__main__.Debug.test_trace) ... ok"
same "no wasm-opt" "$(sed -n 's/^  "wasm_opt": \([a-z]*\),*$/\1/p' build/python/MANIFEST.json)" null
finish
