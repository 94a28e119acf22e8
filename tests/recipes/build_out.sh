# SPDX-License-Identifier: Apache-2.0
# --out: the folder has all of the newest result, or what it had.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"
o="$T/a folder/out"

build --out "$o" two
same "made" "$rc $out" "0 $o"
check "the result" cmp "$up/s.tar" "$o/copy"
inode=$(stat -c %i "$o")
build --out "$o" two
same "nothing to do: the same folder" "$rc $(stat -c %i "$o")" "0 $inode"
echo mine >"$o/mine"
echo '# a word' >>"$R/two/build.sh"
build --out "$o" two
same "replaced when it is another result" $rc 0
check_not "as a whole" test -e "$o/mine"
echo changed >>"$o/copy"
check "the cache does not share its files" cmp -s "$up/s.tar" "$("$KRAIT_SOURCE_DIR/recipes/build" two)/copy"

mkdir "$T/theirs"
echo theirs >"$T/theirs/file"
build --out "$T/theirs" two
same "a folder of somebody else's" $rc 1
has "is named" "$err" "'$T/theirs' exists and was not made by recipes/build"
same "and left alone" "$(cat "$T/theirs/file")" theirs
mkdir "$T/empty"
build --out "$T/empty" two
same "an empty one is fine" $rc 0
build --out "$T/x" two three
same "one target only" $rc 2
cd "$T" || exit 1
build --out rel two
same "a relative path" "$rc $out" "0 $T/rel"
: >"$T/file"
build --out "$T/file/out" two
same "a place that cannot be" $rc 1
same "no leftovers" "$(ls -d "$T"/*.new.* "$T"/*.old.* "$T/a folder"/*.* 2>/dev/null)" ""
finish
