# SPDX-License-Identifier: Apache-2.0
# Ctrl-C ends the build with everything that it started.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

cat >"$T/hook" <<'EOF'
sleep 61 &
echo $! >"$TEST_T/child"
: >"$TEST_T/inside"
wait
EOF
sed 's/child/child3/;s/inside/inside3/' "$T/hook" >"$T/hook3"
env --default-signal=INT true 2>/dev/null || skip "env has no --default-signal"
for signal in INT TERM; do
    rm -f "$T"/inside* "$T"/child*
    # A shell starts what runs in the background with SIGINT ignored, which nothing can undo
    # but this option of env(1).
    env --default-signal=INT "$KRAIT_SOURCE_DIR/recipes/build" two three >"$T/out" 2>"$T/err" &
    job=$!
    wait_for "$T/inside"
    wait_for "$T/inside3"
    kill -s $signal $job
    wait $job
    same "$signal: exit status" $? $([ $signal = INT ] && echo 130 || echo 143)
    has "$signal: says so" "$(cat "$T/err")" "krait: stopped"
    for child in "$T/child" "$T/child3"; do
        gone "$signal: ${child##*/} is gone" "$(cat "$child")"
    done
    same "$signal: no leftovers" "$(temporaries)" ""
    same "$signal: nothing was published" "$(ls -d "$built"/*-* 2>/dev/null)" ""
    same "$signal: nor left in the temporary folder" "$(ls -d "$T"/krait-build.* 2>/dev/null)" ""
done
rm -f "$T/hook" "$T/hook3"
forget
build two three
same "the next run builds everything" $rc 0
finish
