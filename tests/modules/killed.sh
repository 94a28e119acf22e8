# SPDX-License-Identifier: Apache-2.0
# A translation that is killed, or finds no room, leaves nothing that could be taken for one.
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"
# Enough to take a while: several parts, and time at each step.
python3 "$KRAIT_SOURCE_DIR/tests/modules/hostile.py" functions 300 m.wasm || failed "hostile.py"
mkdir out
"$KRAIT" compile m.wasm -o good.krt --parts 4 -O 0 --jobs 2 || failed "compile"

# What is there is whole or it is not there; files with other names do not count.
whole_or_nothing() {
    if [ -e out/m.krt ]; then
        check "$1: what is there is whole" cmp good.krt out/m.krt
        killed_late=$((killed_late + 1))
    fi
    same "$1: there is nothing else" "$(find out -type f ! -name m.krt ! -name '*.tmp')" ""
    rm -f out/*
}
killed_late=0
# From before the first step until after the last, in steps of 20 ms.
for step in $(seq 0 24); do
    "$KRAIT" compile m.wasm -o out/m.krt --parts 4 -O 0 --jobs 2 2>/dev/null &
    pid=$!
    sleep "$(printf '0.%03d' $((step * 20)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    whole_or_nothing "killed after $((step * 20)) ms"
done
# An old translation stays until the new one is whole.
cp good.krt out/m.krt
"$KRAIT" compile m.wasm -o out/m.krt --parts 4 -O 2 --jobs 2 2>/dev/null &
pid=$!
sleep 0.15
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
check "an old translation is replaced in one step" "$KRAIT" inspect out/m.krt
rm -f out/*

# The cache, killed at random moments, never keeps the module from running.
for step in 1 4 8 12 16 20; do
    rm -rf cache
    "$KRAIT" run m.wasm 2>/dev/null &
    pid=$!
    sleep "$(printf '0.%03d' $((step * 20)))"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    for file in $(cached); do
        check "what a killed run left is whole" "$KRAIT" inspect "$file"
    done
done
run run m.wasm
same "it runs" "$rc: $out" "0: "

# Asked to end it leaves nothing behind.
rm -rf "$TMPDIR"
mkdir "$TMPDIR"
for step in 1 3 6 9 12 15 18; do
    for signal in TERM HUP; do
        rm -rf cache
        "$KRAIT" run m.wasm 2>err &
        pid=$!
        sleep "$(printf '0.%03d' $((step * 20)))"
        kill -$signal $pid 2>/dev/null
        wait $pid 2>/dev/null
        same "SIG$signal after $((step * 20)) ms: temporary folders" "$(ls -A "$TMPDIR")" ""
        same "SIG$signal after $((step * 20)) ms: the cache" "$(find cache -type f ! -name '*.krt' 2>/dev/null)" ""
    done
done

# No room: limits on the size of files, with and without the signal.
for blocks in 1 8 16 24 32 64 128 256; do
    (trap '' XFSZ; ulimit -f $blocks; exec "$KRAIT" compile m.wasm -o out/m.krt --parts 4 -O 0) \
        >/dev/null 2>&1
    whole_or_nothing "files of $blocks blocks"
    (ulimit -c 0; ulimit -f $blocks; exec "$KRAIT" compile m.wasm -o out/m.krt --parts 4 -O 0) >/dev/null 2>&1
    whole_or_nothing "files of $blocks blocks, with the signal"
done
rm -rf "$TMPDIR"
mkdir "$TMPDIR"

# A file system that is full, where this user may make one.
full() { # full KILOBYTES: the folder `out` on a small file system
    unshare -rm sh -c "mount -t tmpfs -o size=$1k none out || exit 99
        '$KRAIT' compile m.wasm -o out/m.krt --parts 4 -O 0 2>err; rc=\$?
        [ ! -e out/m.krt ] || cmp good.krt out/m.krt || rc=98; exit \$rc"
}
if unshare -rm sh -c 'mount -t tmpfs -o size=64k none out' 2>/dev/null; then
    full 16
    same "a full disk" "$?" 125
    has "is named" "$(cat err)" "No space left on device"
    full 10000
    same "one with room" "$?" 0
else
    echo "no small file system can be mounted here: limits on files stand for it"
fi
finish
