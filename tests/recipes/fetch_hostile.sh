# SPDX-License-Identifier: Apache-2.0
# A cache or a lock that somebody prepared: nothing outside of the cache is written, and
# nothing but the right file is used.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
make_file a.tar
want=$(sum "$up/a.tar")
line_up a 1 a.tar >"$lock"
part=$src/a.tar.$(printf %.8s "$want").part
mkdir -p "$src"

printf 'precious\n' >"$T/victim"
ln -s "$T/victim" "$part"
run_fetch a
same "a part that is a link" $rc 0
same "is not followed" "$(cat "$T/victim")" precious
check "the file is right" cmp "$up/a.tar" "$src/a.tar"

rm "$src/a.tar"
mkdir "$src/a.tar"
run_fetch a
check "a folder in the file's place" test $rc -ne 0

rm -rf "$src/a.tar"
ln -s "$T/victim" "$src/a.tar"
run_fetch a
same "a link to something else is a wrong file" $rc 1
same "which is left alone" "$(cat "$T/victim")" precious

rm -rf "$src"
mkdir -p "$src/rejected"
ln -s /etc/passwd "$src/p.chosen"
{ line_up p 1 a.tar; line_up p 2 a.tar; } >"$lock"
run_fetch p
same "a record that is none" $rc 0
check "is replaced, not followed" test ! -L "$src/p.chosen"

good=$(line_up a 1 a.tar)
i=0
while IFS= read -r change; do
    i=$((i + 1))
    printf '%s\n' "$good" | sed "$change" >"$lock"
    run_fetch a
    same "lock: $change" "$rc $(printf '%s' "$err" | cut -c1-7)" "1 krait: "
done <<'EOF'
s/^a /a;b /
s/^a /..\/a /
s/- - -$/0000 5 x/
s/ 1 / .\/1 /
s/ 3000 / 30k /
s/- - -$/-/
s/ file:/ ftp:/
s/[0-9a-f]\{64\}/XYZ/
EOF
same "all were tried" $i 8
printf 'a 1 - - - %s 5 ../../etc/x\n' "$want" >"$lock"
run_fetch a
has "a pool path that leaves the pool" "$err" "is not a valid line"
printf 'a 1 - - - - - -\n' >"$lock"
run_fetch a
has "a line without a file" "$err" "is not a valid line"
finish
