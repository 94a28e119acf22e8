# SPDX-License-Identifier: Apache-2.0
# A result is made again when, and only when, something changed that it depends on.
. "$KRAIT_SOURCE_DIR/tests/recipes/build_lib.sh"

build two
same "the first time" "$rc $(ran)" "0 one two "
check "the result" cmp "$up/s.tar" "$out/copy"
first=$out
forget
build two
same "the second time" "$rc $(ran)" "0 "
same "the same folder" "$out" "$first"
build --where two
same "--where" "$rc $out" "0 $first"
build --where three
same "--where of what is not there" "$rc $(ran)" "3 "

# changed WHAT EXPECTED: what was made again.
changed() {
    forget
    build two
    same "$1" "$rc $(ran)" "0 $2"
    [ "$out" != "$first" ] || same "$1: another key" "$out" "another"
    first=$out
}
echo '# a word' >>"$R/one/build.sh"
changed "the text of a recipe" "one two "
echo '# a word' >>"$R/two/build.sh"
changed "the text of one that needs it" "two "
echo 'another line' >>"$R/one/patches/1.patch"
changed "a patch" "one two "
echo 'x' >"$R/one/patches/2.patch"
changed "a new patch" "one two "
echo 'another line' >>"$T/more/file"
changed "a file that it reads" "one two "
echo 'x' >"$T/more/new"
changed "a new file there" "one two "
sed -i 's/-O3/-O2/' "$R/lib.sh"
changed "a flag" "one two "
has "the flag is used" "$(cat "$built"/one-*/flags)" "-O2"
echo 22.1.0 >"$T/version"
changed "the compiler" "one two "
echo other >"$T/builtins.a"
changed "its builtins" "one two "
make_file s.tar 4000
cp "$up/s.tar" "$src/"
line_up s 2 s.tar >"$R/sources.lock"
changed "the source" "one two "
check "the new source is in it" cmp "$up/s.tar" "$out/copy"

TEST_KNOB=1
export TEST_KNOB
before_knob=$first
changed "a knob" "two "
same "the knob is used" "$(cat "$out/knob")" 1
unset TEST_KNOB
forget
build two
same "the knob as it was" "$rc $(ran) $out" "0  $before_knob"
first=$before_knob

# What is not part of it.
forget
sed 's/^/# a comment\n/' "$R/sources.lock" >"$T/l" && cp "$T/l" "$R/sources.lock"
touch "$R/one/build.sh" "$R/lib.sh"
echo '# a word' >>"$R/three/build.sh"
mkdir "$R/one/__pycache__" "$T/more/__pycache__"
: >"$R/one/__pycache__/a.cpython-313.pyc"
: >"$T/more/__pycache__/b.cpython-313.pyc"
: >"$T/more/file~"
build two
same "comments, times, other recipes, byte code" "$rc $(ran) $out" "0  $first"

# Back to what was there before: it still is.
echo 19.1.7 >"$T/version"
build two
same "another compiler once more" "$rc $(ran)" "0 one two "
forget
echo 22.1.0 >"$T/version"
build two
same "and back" "$rc $(ran) $out" "0  $first"

# A recipe that names no compiler does not depend on one.
build three
forget
echo 20.0.0 >"$T/version"
build three
same "no compiler" "$rc $(ran)" "0 "

# Neither result nor archive needed: only what is missing is looked for.
rm -rf "$src"
echo 22.1.0 >"$T/version"
build two
same "the archives may be gone" "$rc $out" "0 $first"
build clean
check_not "clean" test -e "$built"
finish
