# SPDX-License-Identifier: Apache-2.0
# Two launchers at once, killed launchers, and what they leave behind.
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"

# wait_for FILE: until it exists, at most 20 seconds.
wait_for() {
    tries=0
    while [ ! -e "$1" ] && [ $tries -lt 200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    [ -e "$1" ]
}

# The build waits until the test lets it go, and leaves its process number.
export GATE="$T/gate" BEGAN="$T/began" PIDS="$T/pids"
cat >"$T/hook" <<'EOF'
sleep 300 &
echo $! >"$PIDS"
echo $$ >"$BEGAN.new"; mv "$BEGAN.new" "$BEGAN"
while [ ! -e "$GATE" ]; do sleep 0.05; done
kill $!
EOF

(PATH=$bin exec "$co/krait" run one) >"$T/out1" 2>"$T/err1" &
first=$!
check "the first one builds" wait_for "$BEGAN"
(PATH=$bin exec "$co/krait" run two) >"$T/out2" 2>"$T/err2" &
second=$!
tries=0
while ! grep -qs waiting "$T/err2" && [ $tries -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
has "the second one waits, and says so" "$(cat "$T/err2")" "another ./krait builds in $co/build; waiting"
touch "$GATE"
wait $first
same "the first one ends well" "$?" 0
wait $second
same "the second one too" "$?" 0
has "and runs its own command" "$(cat "$T/out2")" "arg=[two]"
same "there was one build" "$(grep -c -e '--build' "$T/calls")" 1

# TERM to the launcher ends the build with all its children; the next run builds.
rm -f "$GATE" "$BEGAN" "$PIDS"
touch "$co/cli/file.c"
(PATH=$bin exec "$co/krait" run three) >"$T/out1" 2>"$T/err1" &
first=$!
wait_for "$BEGAN"
builder=$(cat "$BEGAN")
grandchild=$(cat "$PIDS")
kill -TERM $first
wait $first
same "TERM: the status tells" "$?" 143
has "and it says that it goes on later" "$(cat "$T/err1")" "the next run continues"
gone "the builder ended" "$builder"
gone "its child too" "$grandchild"
rm -f "$BEGAN"
touch "$GATE"
krait run four
same "the next run builds and starts" "$rc" 0
check "it built" test -e "$BEGAN"

# KILL cannot be caught: the build goes on, and keeps the lock until it ends.
rm -f "$GATE" "$BEGAN"
touch "$co/cli/file.c"
(PATH=$bin exec "$co/krait" run five) >"$T/out1" 2>"$T/err1" &
first=$!
wait_for "$BEGAN"
builder=$(cat "$BEGAN")
kill -KILL $first
wait $first 2>/dev/null
# The text of the one before must not be taken for that of this one.
rm -f "$T/err2"
(PATH=$bin exec "$co/krait" run six) >"$T/out2" 2>"$T/err2" &
second=$!
tries=0
while ! grep -qs waiting "$T/err2" && [ $tries -lt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
has "a build whose launcher was killed is waited for" "$(cat "$T/err2")" "waiting"
touch "$GATE"
wait $second
same "and taken over" "$?" 0
gone "its builder has ended" "$builder"
rm -f "$BEGAN"
krait run seven
check_not "the tree is fresh afterwards" test -e "$BEGAN"
same "nothing is left beside the build" "$(cd "$co/build" && ls -a | grep -e progress -e status -e begun)" ""
finish
