# SPDX-License-Identifier: Apache-2.0
# compare.sh EXAMPLE: the same script in the sandbox and in the machine's own Python.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
python=
for candidate in /usr/bin/python3 python3; do
    if command -v $candidate >/dev/null && $candidate -c 'import sqlite3, zlib' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || skip "no python3 with sqlite3 and zlib"
cd "$KRAIT_SOURCE_DIR/examples/$1" || exit 1
mkdir "$T/guest" "$T/native"

sandbox() { "$KRAIT" run "$@" >"$T/guest/stdout" 2>"$T/guest/stderr" </dev/null; }
native() { "$python" "$@" >"$T/native/stdout" 2>"$T/native/stderr" </dev/null; }

# both_same WHAT: exit status, stdout and stderr of the last two runs.
both_same() {
    same "$1: exit status" "$guest_rc" "$native_rc"
    for stream in stdout stderr; do
        check "$1: $stream" diff "$T/native/$stream" "$T/guest/$stream"
    done
}

case $1 in
hello)
    for arguments in "" "Ada" "Ada Grace" "Zoë"; do
        # shellcheck disable=SC2086 # words on purpose
        sandbox hello.py $arguments
        guest_rc=$?
        # shellcheck disable=SC2086
        native hello.py $arguments
        native_rc=$?
        both_same "hello $arguments"
        same "hello $arguments works" $guest_rc 0
    done
    ;;
wordcount)
    sandbox --dir texts::/texts:ro wordcount.py /texts 20
    guest_rc=$?
    native wordcount.py texts 20
    native_rc=$?
    both_same wordcount
    same "it works" $guest_rc 0
    has "it counted" "$(cat "$T/guest/stdout")" "words, 69 different"
    sandbox wordcount.py
    guest_rc=$?
    native wordcount.py
    native_rc=$?
    both_same "wordcount without a folder"
    same "which is refused" $guest_rc 1
    ;;
csv2sqlite)
    sandbox --dir data::/in:ro --dir "$T/guest::/out" csv2sqlite.py /in /out
    guest_rc=$?
    native csv2sqlite.py data "$T/native"
    native_rc=$?
    both_same csv2sqlite
    same "it works" $guest_rc 0
    check "the report is the same" cmp "$T/guest/report.csv" "$T/native/report.csv"
    dump() { "$python" -c 'import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).iterdump(), sep="\n")' "$1"; }
    dump "$T/guest/shop.db" >"$T/guest/dump"
    dump "$T/native/shop.db" >"$T/native/dump"
    check "the database has content" grep -q 'INSERT INTO "customer"' "$T/guest/dump"
    check "the databases are the same" diff "$T/native/dump" "$T/guest/dump"
    check "the zip is whole" "$python" -m zipfile -t "$T/guest/shop.zip"
    "$python" -m zipfile -e "$T/guest/shop.zip" "$T/unpacked"
    check "and holds the report" cmp "$T/unpacked/report.csv" "$T/native/report.csv"
    sandbox --dir data::/in:ro -c "open('/in/new', 'w')"
    same "a read-only folder is read-only" "$?" 1
    has "and Python says why" "$(cat "$T/guest/stderr")" "Read-only file system: '/in/new'"
    check_not "nothing was written" test -e data/new
    ;;
esac
finish
