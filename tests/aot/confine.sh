# SPDX-License-Identifier: Apache-2.0
# What a compiler may do and how long: with "compilers" that try more (odd_cc.c).
#   confine.sh ODD_CC
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
odd_cc=$1
export TMPDIR="$T/tmp"
mkdir "$TMPDIR" "$T/out" "$T/cc"
echo '(module (func (export "_start")))' >"$T/m.wat"
wat2wasm "$T/m.wat" -o "$T/m.wasm" || failed "wat2wasm"
for name in probe spin hungry flood sleepy; do
    cp "$odd_cc" "$T/cc/${name}_cc"
done

run() { out=$("$KRAIT" compile "$T/m.wasm" -o "$T/out/m.krt" "$@" 2>&1 </dev/null 7>"$T/seven"); rc=$?; }
nothing_left() {
    same "$1: the temporary folder is empty" "$(ls -A "$TMPDIR")" ""
    same "$1: no output" "$(ls -A "$T/out")" ""
}
# said NAME: the number behind it in what probe_cc said.
said() { printf '%s\n' "$out" | sed -n "s/.*\b$1 \([0-9]*\)\$/\1/p"; }

run --cc "$T/cc/probe_cc" --confine require
if [ $rc -eq 125 ] && [ "${out#*cannot confine}" != "$out" ]; then
    echo "no Landlock or no seccomp here: $out"
    run --cc "$T/cc/probe_cc"
else
    same "the network is out of reach" "$(said socket)" 1
    same "so are other files" "$(said passwd)" 13
    same "and other folders for writing" "$(said outside)" 13
    same "a compiler cannot leave its group" "$(said setsid)" 1
    same "no privileges are gained" "$(said nnp)" 1
fi
same "a compiler that fails is no fault of the module" "$rc" 125
same "its own folder can be written" "$(said inside)" 0
same "programs and headers can be read" "$(said usr)" 0
same "/dev/null is there" "$(said null)" 0
same "variables" "$(said environ)" 5
same "descriptors" "$(said descriptors)" 3
check_not "nothing was written beside it" test -e "$T/cc/outside"
nothing_left "probe"

run --cc "$T/cc/probe_cc" --confine off
same "without it, other files can be read" "$(said passwd)" 0
rm -f "$T/cc/outside"
run --cc "$T/cc/probe_cc" --verbose
has "what holds is told" "$out" "each compiler: 120 s, 4096 MiB"
run --cc "$T/cc/probe_cc" --confine maybe
same "a mode that is none" "$rc" 125

run --cc "$T/cc/spin_cc" --cpu-time 1
same "a compiler that computes without end" "$rc" 126
has "the limit is named" "$out" "m.wasm': spin_cc was killed by signal 24, its limit of processor time, on function 0"
nothing_left "spin"
run --cc "$T/cc/hungry_cc" --memory 256M
same "a compiler that allocates without end" "$rc" 126
has "what it said is told" "$out" "out of memory after"
nothing_left "hungry"
run --cc "$T/cc/flood_cc"
same "a compiler that writes without end" "$rc" 126
has "the limit is named" "$out" "its limit of file size"
nothing_left "flood"
run --cc "$T/cc/sleepy_cc" --timeout 1
same "a compiler that waits without end" "$rc" 126
has "the limit is named" "$out" "the compilers were not ready after 1 s"
nothing_left "sleepy"

# However krait ends, its compilers end with it, and what they started.
alive() {
    for child in $(cat "$T/pids"); do
        kill -0 "$child" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$child/status" && echo "$child"
    done
}
for signal in TERM KILL; do
    rm -f "$T/pids"
    "$KRAIT" compile "$T/m.wasm" -o "$T/out/m.krt" --cc "$T/cc/sleepy_cc" &
    pid=$!
    i=0
    while ! { cp "$TMPDIR"/krait-compile.*/pids "$T/pids" 2>/dev/null && [ -s "$T/pids" ]; } && [ $i -lt 600 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    check "$signal: the compiler ran" test -s "$T/pids"
    kill -$signal $pid
    wait $pid
    i=0
    while [ -n "$(alive)" ] && [ $i -lt 100 ]; do
        sleep 0.1
        i=$((i + 1))
    done
    same "$signal: no compiler is left" "$(alive)" ""
    same "$signal: no output" "$(ls -A "$T/out")" ""
done
same "a killed build leaves its folder" "$(ls "$TMPDIR" | wc -l)" 1
touch -d '2 minutes ago' "$TMPDIR"/krait-compile.*
run --cc "$T/cc/probe_cc"
same "the next one removes it" "$(ls -A "$TMPDIR")" ""
finish
