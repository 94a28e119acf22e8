# SPDX-License-Identifier: Apache-2.0
# krait test as a process: results, expectations in both directions, limits, signals.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
export TMPDIR="$T/tmp"
mkdir "$TMPDIR"
cd "$T" || exit 1

out=$("$KRAIT" test --expectations none --json a.json --junit a.xml -j2 test_pow test_json 2>err)
same "passing modules" "$?" 0
has "a table" "$out" "test_pow "
last=$(printf '%s\n' "$out" | tail -n 1)
has "the last line is JSON" "$last" '{"passed": '
has "JSON has the modules" "$(cat a.json)" '"name": "test_json", "outcome": "passed"'
has "JUnit has the tests" "$(cat a.xml)" '<testcase classname="test_pow" name="PowTest.'
same "nothing is left" "$(ls "$TMPDIR")" ""

"$KRAIT" test --expectations none --update e.toml test_pow test_enumerate >/dev/null 2>&1
same "an update" "$?" 0
has "what it wrote" "$(cat e.toml)" '"test_pow"'
out=$("$KRAIT" test --expectations e.toml test_pow test_enumerate 2>&1)
same "as expected" "$?" 0
out=$("$KRAIT" test --expectations e.toml test_pow test_unary 2>&1)
same "a module that nothing is said of" "$?" 1
has "it is named" "$out" "test_unary: was run, expected nothing"
printf '[pass]\nmodules = []\n[module.test_pow.fail."a bug"]\nneeds = "a fix"\ntests = ["PowTest.test_powint"]\n' >f.toml
out=$("$KRAIT" test --expectations f.toml test_pow 2>&1)
same "a failure that passes" "$?" 1
has "it is named" "$out" "PowTest.test_powint: passed, expected failed"

out=$("$KRAIT" test --compare a.json --expectations none test_pow 2>&1)
has "a column of another run" "$out" " krait "
has "a share of it" "$out" "of the"

out=$("$KRAIT" test --expectations none test_pow -- -m test_powint 2>&1)
has "arguments for the runner" "$out" "1 tests passed, 0 failed"

out=$("$KRAIT" test --timeout 1 --expectations none test_decimal 2>&1)
same "a time limit" "$?" 1
has "it is said" "$out" "no end after 1 seconds"

out=$("$KRAIT" test --memory 32M --expectations none --logs . test_zlib 2>&1)
same "a memory limit" "$?" 1
has "it is said" "$(cat test_zlib.log)" "MemoryError"

# A signal stops the modules, what was done is printed, nothing is left.
"$KRAIT" test --expectations none -j2 test_decimal test_zipfile >sig.out 2>&1 &
pid=$!
while [ -z "$(find "$TMPDIR" -name log 2>/dev/null)" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
kill -TERM "$pid"
wait "$pid"
same "ended by the signal" "$?" 143
has "what was done" "$(cat sig.out)" "0 modules on krait"
same "nothing is left after a signal" "$(ls "$TMPDIR")" ""
finish
