# SPDX-License-Identifier: Apache-2.0
# A download that ended early continues or starts again, and is never taken for a file.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
start_server
make_file a.tar 40000
want=$(sum "$up/a.tar")
part=$src/a.tar.$(printf %.8s "$want").part

line_up a 1 a.tar "$url/cutall/a.tar" >"$lock"
run_fetch a
same "broken off: exit status" $rc 1
has "says so" "$err" "cannot get the source of a"
check "what came is kept" test -s "$part"
check_not "not as the file" test -e "$src/a.tar"
same "it was tried again from there" "$(grep -c bytes= "$T/requests")" 1

line_up a 1 a.tar "$url/ok/a.tar" >"$lock"
: >"$T/requests"
before=$(size "$part")
run_fetch a
same "the next run succeeds" $rc 0
same "and continues" "$(cat "$T/requests")" "GET /ok/a.tar bytes=$before-"
check "the file is right" cmp "$up/a.tar" "$src/a.tar"
same "no leftovers" "$(leftovers)" ""

# Cut once: the same run continues.
rm "$src/a.tar"
line_up a 1 a.tar "$url/cut/a.tar" >"$lock"
run_fetch a
same "cut once" $rc 0
check "the file is right" cmp "$up/a.tar" "$src/a.tar"

# A server that knows no ranges.
rm "$src/a.tar"
head -c 1000 "$up/a.tar" >"$part"
line_up a 1 a.tar "$url/noranges/a.tar" >"$lock"
run_fetch a
same "a server without ranges" $rc 0
check "the file is right" cmp "$up/a.tar" "$src/a.tar"

# The part is of something else: shorter, as long, longer.
line_up a 1 a.tar "$url/ok/a.tar" >"$lock"
for n in 1000 40000 50000; do
    rm "$src/a.tar"
    head -c $n /dev/zero >"$part"
    run_fetch a
    same "a foreign part of $n bytes" $rc 0
    check "the file is right" cmp "$up/a.tar" "$src/a.tar"
done

# The part is whole: nothing is fetched.
mv "$src/a.tar" "$part"
: >"$T/requests"
run_fetch a
same "a whole part" "$rc $(cat "$T/requests")" "0 "

# A fetcher that is killed leaves a part, which the next one uses.
rm "$src/a.tar"
line_up a 1 a.tar "$url/half/a.tar" >"$lock"
setsid "$fetch" --lock "$lock" a >/dev/null 2>&1 &
killed=$!
waited=0
while [ ! -s "$part" ] && [ $waited -lt 200 ]; do
    sleep 0.05
    waited=$((waited + 1))
done
kill -s KILL -- -$killed
wait $killed 2>/dev/null
check "it was in the middle" test -s "$part"
check_not "no file" test -e "$src/a.tar"
: >"$T/requests"
run_fetch a
same "the next one finishes it" $rc 0
has "from where it was" "$(cat "$T/requests")" "bytes="
check "the file is right" cmp "$up/a.tar" "$src/a.tar"
finish
