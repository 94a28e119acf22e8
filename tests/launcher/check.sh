# SPDX-License-Identifier: Apache-2.0
# ./krait check: builds everything, runs CTest, ends with its closing line and status.
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"

krait check -R 'cli[.]' --repeat until-fail:2
same "the exit status is CTest's" "$rc" 0
same "its closing line is the last one" "$(tail -n 1 "$T/out")" "100% tests passed, 0 tests failed out of 1"
has "the rest is there too" "$out" "1/1 Test #1: a.b ...   Passed"
has "everything was built" "$(calls)" "--target all"
has "skipped tests were made to fail" "$(calls)" "-DKRAIT_REQUIRE_ALL=ON"
has "CTest runs two at a time and refuses to run none" "$(calls)" \
    "ctest --test-dir $co/build --output-on-failure --no-tests=error -j 2 -R cli[.] --repeat until-fail:2"
krait check --full -R 'pool[.]'
same "with --full: the exit status" "$rc" 0
has "CTest runs the tests that take many minutes as well" "$(calls)" \
    "ctest --test-dir $co/build --output-on-failure --no-tests=error -j 2 -C Full -R pool[.]"
FAKE_CTEST=8 && export FAKE_CTEST
krait check
same "a failure comes back" "$rc" 8

# Stopping it ends the tests.
export BEGAN="$T/began"
fake ctest <<'EOF'
#!/bin/sh
echo $$ >"$BEGAN.new"; mv "$BEGAN.new" "$BEGAN"
sleep 300
EOF
(PATH=$bin exec "$co/krait" check) >"$T/out" 2>"$T/err" &
first=$!
tries=0
while [ ! -e "$BEGAN" ] && [ $tries -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
runner=$(cat "$BEGAN")
sleep 0.3
kill -TERM $first
wait $first
same "TERM: the status tells" "$?" 143
gone "and CTest is gone" "$runner"
finish
