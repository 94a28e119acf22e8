# SPDX-License-Identifier: Apache-2.0
# A build that was killed leaves nothing that is taken for a result; the next one goes on.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

cat >"$T/hook" <<'EOF'
echo half >"$OUT/half"
: >"$TEST_T/inside"
sleep 60
EOF
setsid "$KRAIT_SOURCE_DIR/recipes/build" two >/dev/null 2>&1 &
killed=$!
wait_for "$T/inside"
recipe=$(ps -eo pid,args | awk -v t="$KRAIT_CACHE" '/one\.sh one/ && !/awk/ { print $1 }' | while read -r p; do
    tr '\0' '\n' <"/proc/$p/environ" 2>/dev/null | grep -qxF "KRAIT_CACHE=$KRAIT_CACHE" && echo "$p"; done)
kill -s KILL -- "-$killed"
for p in $recipe; do kill -s KILL -- "-$p" 2>/dev/null; done
wait $killed 2>/dev/null
for p in $recipe; do gone "the recipe ended" "$p"; done
check "the recipe was found" test -n "$recipe"
check "a half result is there" test -f "$built"/tmp/one-*/out/half
same "not under its name" "$(ls -d "$built"/one-* 2>/dev/null)" ""

rm -f "$T/hook"
forget
build three
same "an unrelated build" $rc 0
same "clears what is dead" "$(temporaries)" ""
forget
build two
same "the next run builds it" "$rc $(ran)" "0 one two "
check_not "with nothing of the half one" test -e "$built"/one-*/half
forget
build two
same "and keeps it" "$rc $(ran)" "0 "

# Killed after the first of two recipes: the first is not built again.
build clean
cat >>"$R/two/build.sh" <<'EOF'
[ -f "$TEST_T/go" ] || { : >"$TEST_T/inside2"; kill -KILL $$; }
EOF
forget
build two
same "the second recipe was killed" "$rc $(ran)" "1 one two "
has "it says which" "$err" "two failed (exit status 137)"
: >"$T/go"
forget
build two
same "only that one is built" "$rc $(ran)" "0 two "
finish
