# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends `krait build-python` with everything that it started.
. "$KRAIT_SOURCE_DIR/tests/recipes/make_lib.sh"
env --default-signal=INT true 2>/dev/null || skip "env has no --default-signal"
cat >"$T/hook" <<'EOF'
sleep 61 &
echo $! >"$TEST_T/child"
: >"$TEST_T/inside"
wait
EOF
for signal in INT TERM; do
    rm -f "$T/inside" "$T/child"
    (cd "$T" && exec env --default-signal=INT "$KRAIT" build-python) >"$T/out" 2>"$T/err" &
    job=$!
    waited=0
    while [ ! -e "$T/inside" ] && [ $waited -lt 600 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
    kill -s $signal $job
    wait $job
    same "$signal: exit status" $? $([ $signal = INT ] && echo 130 || echo 143)
    same "$signal: says so once" "$(grep -c '^krait: stopped' "$T/err")" 1
    gone "$signal: what it started is gone" "$(cat "$T/child")"
    same "$signal: nothing was published" "$(ls -d "$KRAIT_CACHE"/build/cpython-* "$T/build-output" 2>/dev/null)" ""
    same "$signal: nor left in the temporary folder" "$(ls -d "$T"/krait-* 2>/dev/null)" ""
done
rm "$T/hook"
make_python
same "the next run builds it" $rc 0
finish
