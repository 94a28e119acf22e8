# SPDX-License-Identifier: Apache-2.0
# A recipe that fails: what went wrong is shown, nothing of it is kept, nothing goes on.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

cat >"$T/hook" <<'EOF'
for i in $(seq 30); do echo "line $i"; done
echo "cc: error: something" >&2
false
echo "not reached" >"$TEST_T/reached"
EOF
cat >"$T/hook3" <<'EOF'
sleep 62 &
echo $! >"$TEST_T/child3"
wait
EOF
build two three
same "exit status" $rc 1
same "nothing on stdout" "$out" ""
has "which" "$err" "krait: one failed (exit status 1)"
has "the last lines" "$err" "cc: error: something"
has "twenty of them" "$err" "line 12"
case $err in *"line 10
"*) failed "not more than twenty" ;; *) passed ;; esac
log=$(printf '%s\n' "$err" | sed -n 's/.*last lines of \(.*\):$/\1/p')
check "the whole log is where it says" grep -q "^line 1$" "$log"
check_not "the first error ends a recipe" test -e "$T/reached"
same "nothing is kept" "$(ls -d "$built"/one-* "$built"/two-* 2>/dev/null)" ""
same "no leftovers" "$(temporaries)" ""
[ ! -f "$T/child3" ] || gone "the other recipe was stopped" "$(cat "$T/child3")"
rm -f "$T/hook3"

echo 'echo "x.c: No space left on device"; exit 9' >"$T/hook"
build two
has "a full disk is named as such" "$err" "the disk is full"
has "the exit status is shown" "$err" "exit status 9"
rm "$T/hook"

# A recipe that is edited while it runs is not what its key says.
echo 'echo "# edited" >>"$KRAIT_RECIPES/one/build.sh"' >"$T/hook"
build two
same "edited meanwhile" $rc 1
has "says so" "$err" "were changed while it was built"
same "nothing is kept" "$(ls -d "$built"/one-* 2>/dev/null)" ""
rm "$T/hook"

# A source that is not there: nothing starts.
rm "$src/s.tar"
forget
build two
same "no source" "$rc $(ran)" "1 "
has "is named" "$err" "cannot get the source of s (offline)"
printf 'wrong' >"$src/s.tar"
build two
same "a wrong source" "$rc $(ran)" "1 "
has "is named, too" "$err" "wrong checksum"
cp "$up/s.tar" "$src/"

: >"$T/file"
KRAIT_CACHE=$T/file
build two
same "a cache that cannot be written" $rc 1
has "says what to do" "$err" "set KRAIT_CACHE"
KRAIT_CACHE="$T/with blank"
build two
same "a cache with a blank in its path" $rc 1
has "says why" "$err" "has characters in its path"
KRAIT_CACHE=$T/cache
build nosuch
same "no such recipe" "$rc $err" "1 krait: there is no recipe 'nosuch'"
build --jobs 0
same "no jobs" $rc 1
build --nosuch
same "no such option" $rc 2
finish
