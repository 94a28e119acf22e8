# SPDX-License-Identifier: Apache-2.0
# Without `krait test`: map the tree that carries test/, and run one of its files.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"

tests=$KRAIT_RUNTIME_TREE/usr/local/share/krait/test-lib/test
home=/usr/local/lib/python3.13/test
"$KRAIT" run --mapdir "$home::$tests:ro" "$home/test_dict.py" >"$T/out" 2>&1
same "a test file" $? 0
same "its last line" "$(tail -n 1 "$T/out" | cut -c1-2)" OK
has "tests were run" "$(grep '^Ran ' "$T/out")" "Ran 1"
"$KRAIT" run --mapdir "$home::$tests:ro" "$home/test_dict.py" DictTest.test_pop >"$T/out" 2>&1
same "one test" "$?$(grep '^Ran ' "$T/out" | cut -d' ' -f2)" 01
"$KRAIT" run --mapdir "$home::$tests:ro" "$home/test_dict.py" DictTest.test_nosuch >"$T/out" 2>&1
same "a test that does not exist" $? 1
finish
