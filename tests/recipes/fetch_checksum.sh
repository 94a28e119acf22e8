# SPDX-License-Identifier: Apache-2.0
# A file that is not the one of the lock is never used, wherever it comes from.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"

make_file a.tar
line_up a 1.0 a.tar >"$lock"
want=$(sum "$up/a.tar")

run_fetch a
same "a right file" "$out" "a 1.0 $want $src/a.tar"
same "exit status" $rc 0
check "it is in the cache" cmp "$up/a.tar" "$src/a.tar"
run_fetch a
same "the second time it comes from the cache" "$out" "a 1.0 $want $src/a.tar"
same "without a word" "$err" ""

# Upstream serves something else, of the same size.
rm "$src/a.tar"
sed 's/1/2/' "$up/a.tar" >"$up/b" && cp "$up/a.tar" "$T/good" && mv "$up/b" "$up/a.tar"
bad=$(sum "$up/a.tar")
run_fetch a
same "a wrong file: exit status" $rc 1
same "nothing on stdout" "$out" ""
has "the expected sum" "$err" "$want"
has "the found sum" "$err" "$bad"
has "where it came from" "$err" "file://$up/a.tar"
check_not "not in the cache" test -e "$src/a.tar"
check "moved aside" cmp "$up/a.tar" "$src/rejected/a.tar.$(printf %.12s "$bad")"
same "no leftovers" "$(leftovers)" ""
cp "$T/good" "$up/a.tar"
run_fetch a
same "the next run gets the right one" $rc 0

# One that changed in the cache.
printf x >>"$src/a.tar"
run_fetch a
same "changed in the cache: exit status" $rc 1
has "the place" "$err" "from the cache"
has "the expected size" "$err" "3000 bytes"
has "the found size" "$err" "3001 bytes"
check_not "it is gone from there" test -e "$src/a.tar"
run_fetch a
same "and the next run heals it" $rc 0

# Right sum, wrong size in the lock: the lock is wrong, nothing is used.
sed 's/ 3000 / 2999 /' "$lock" >"$lock.2" && mv "$lock.2" "$lock"
run_fetch a
same "a wrong size" $rc 1

# In the caller's own folder it is not touched.
line_up a 1.0 a.tar >"$lock"
rm -rf "$src"
mkdir "$T/mine"
printf 'nonsense\n' >"$T/mine/a.tar"
run_fetch --sources "$T/mine" a
same "wrong in --sources" $rc 1
has "which file" "$err" "from $T/mine"
check "it stays" test -f "$T/mine/a.tar"
check_not "and upstream is not asked instead" test -e "$src/a.tar"
finish
