# SPDX-License-Identifier: Apache-2.0
# Two builds with one cache: each result is made once, both get it.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"
echo 'sleep 0.5' >"$T/hook"
for n in 1 2 3; do
    "$KRAIT_SOURCE_DIR/recipes/build" two >"$T/out.$n" 2>"$T/err.$n" &
    eval "pid$n=\$!"
done
for n in 1 2 3; do
    eval "check 'build $n' wait \$pid$n"
done
same "made once" "$(ran)" "one two "
for n in 1 2 3; do
    same "the same result" "$(cat "$T/out.$n")" "$(cat "$T/out.1")"
done
check "which is whole" cmp "$up/s.tar" "$(cat "$T/out.1")/copy"
same "no leftovers" "$(temporaries)" ""

# Independent recipes run beside each other.
build clean
cat >"$T/hook" <<'EOF'
: >"$TEST_T/in1"; for i in $(seq 600); do [ ! -f "$TEST_T/in3" ] || break; sleep 0.1; done; test -f "$TEST_T/in3"
EOF
cat >"$T/hook3" <<'EOF'
: >"$TEST_T/in3"; for i in $(seq 600); do [ ! -f "$TEST_T/in1" ] || break; sleep 0.1; done; test -f "$TEST_T/in1"
EOF
build two three
same "they waited for each other" $rc 0
finish
