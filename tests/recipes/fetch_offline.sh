# SPDX-License-Identifier: Apache-2.0
# Without a network: what is there is used, what is not is named with every place.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
make_file a-1.tar
make_file a_1.orig.tar 2000
both() {
    printf 'a 1 %s %s %s %s %s %s\n' "$(sum "$up/a-1.tar")" - "file://$up/a-1.tar" \
        "$(sum "$up/a_1.orig.tar")" 2000 p/a/a_1.orig.tar
}
both >"$lock"

run_fetch --offline a
same "missing: exit status" $rc 1
has "what" "$err" "cannot get the source of a (offline)"
has "the upstream name" "$err" "$src/a-1.tar: not there"
has "the pool's name" "$err" "$src/a_1.orig.tar: not there"
has "what to do" "$err" "put by hand into '$src'"
check_not "nothing was made" test -e "$KRAIT_CACHE"

mkdir -p "$src"
cp "$up/a_1.orig.tar" "$src/"
run_fetch --offline a
same "put there by hand, the pool's" "$out" "a 1 $(sum "$up/a_1.orig.tar") $src/a_1.orig.tar"
cp "$up/a-1.tar" "$src/"
run_fetch --offline a
same "put there by hand, upstream's" "$out" "a 1 $(sum "$up/a-1.tar") $src/a-1.tar"

rm -rf "$KRAIT_CACHE"
mkdir "$T/dir"
cp "$up/a_1.orig.tar" "$T/dir/"
run_fetch --offline --sources "$T/dir" a
same "a packager's folder" "$out" "a 1 $(sum "$up/a_1.orig.tar") $T/dir/a_1.orig.tar"
KRAIT_SOURCES=$T/dir KRAIT_OFFLINE=1 run_fetch a
same "the same by variables" $rc 0
check_not "no cache was made" test -e "$KRAIT_CACHE"
run_fetch --sources "$T/nowhere" a
same "a folder that is not there" "$rc $err" \
    "1 krait: '$T/nowhere' is not a folder (--sources, KRAIT_SOURCES)"

# With a network that is not there, upstream and mirror are named, too.
sed "s,file://$up/a-1.tar,file://$T/gone/a-1.tar," "$lock" >"$lock.2"
mv "$lock.2" "$lock"
run_fetch a
same "nothing anywhere" $rc 1
has "upstream is named" "$err" "file://$T/gone/a-1.tar: no such file"
has "so is the mirror" "$err" "a Debian mirror: apt has none configured here"

# The others are brought all the same.
make_file c-1.tar
line_up c 1 c-1.tar >>"$lock"
run_fetch a c
same "one of two" "$rc $out" "1 c 1 $(sum "$up/c-1.tar") $src/c-1.tar"
has "the other one is explained" "$err" "cannot get the source of a; looked for"

# A cache that cannot be written.
: >"$T/file"
KRAIT_CACHE=$T/file/cache run_fetch a
same "no place for a cache" $rc 1
has "says where" "$err" "cannot write to the cache '$T/file/cache/src'"
has "and what to do" "$err" "set KRAIT_CACHE"

run_fetch
same "no names" $rc 2
run_fetch nosuch
same "a name that is not in the lock" "$rc $err" "1 krait: 'nosuch' is not in '$lock'"
finish
