# SPDX-License-Identifier: Apache-2.0
# Several fetchers with one cache: one of them downloads, all of them get the file.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
start_server
make_file a.tar 40000
line_up a 1 a.tar "$url/slow/a.tar" >"$lock"
pids=
for n in 1 2 3 4; do
    "$fetch" --lock "$lock" a >"$T/out.$n" 2>"$T/err.$n" &
    pids="$pids $!"
done
for pid in $pids; do
    check "fetcher $pid" wait "$pid"
done
for n in 1 2 3 4; do
    same "output $n" "$(cat "$T/out.$n")" "a 1 $(sum "$up/a.tar") $src/a.tar"
done
same "one download" "$(wc -l <"$T/requests" | tr -d ' ')" 1
check "the file is right" cmp "$up/a.tar" "$src/a.tar"
same "no leftovers" "$(leftovers)" ""
finish
