# SPDX-License-Identifier: Apache-2.0
# `krait run --deterministic`: the same bytes twice, others with another seed, no time lost in sleeps.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1
cp "$KRAIT_SOURCE_DIR/tests/cli/deterministic.py" . || exit 1

# twice NAME OPTION: runs it two times, with a pause that another clock would notice.
twice() {
    "$KRAIT" run "$2" deterministic.py >"$1" 2>"$1.err" </dev/null
    same "$1: status" $? 3
    sleep 0.1
    FOREIGN=variable "$KRAIT" run "$2" deterministic.py >"$1.again" 2>"$1.err" </dev/null
    same "$1: status of the second run" $? 3
    same "$1: stderr" "$(cat "$1.err")" ""
    same "$1: lines" "$(wc -l <"$1")" 22
    same "$1: both runs" "$(diff "$1" "$1.again")" ""
}
twice plain --deterministic
twice zero --deterministic=0
twice seven --deterministic=7
twice most --deterministic=18446744073709551615
check "the seed is 0 when none is given" cmp plain zero

# What a seed decides differs between seeds, the clocks do not.
for word in hash keys random bytes device file; do
    one=$(grep "^$word " plain)
    two=$(grep "^$word " seven)
    three=$(grep "^$word " most)
    check_not "$word: another seed" test "$one" = "$two"
    check_not "$word: a third seed" test "$two" = "$three"
done
for word in clocks resolution timer; do
    same "$word" "$(grep "^$word " plain)" "$(grep "^$word " seven)"
done
has "a year" "$(grep '^a year' plain)" "2000-12-31"
has "the clock stops" "$(tail -n 1 plain)" "2262-04-11 23:47:16"

# Without the option nothing is the same.
"$KRAIT" run -c 'import os, time; print(os.urandom(8), time.time_ns())' >one </dev/null
"$KRAIT" run -c 'import os, time; print(os.urandom(8), time.time_ns())' >two </dev/null
check_not "an ordinary program is not deterministic" cmp one two

# Memory is what it is, and so is a limit of time.
same "PYTHONHASHSEED counts" "$("$KRAIT" run --deterministic -e PYTHONHASHSEED=1 -c 'print(hash("x"))')" \
    "$("$KRAIT" run --deterministic=5 -e PYTHONHASHSEED=1 -c 'print(hash("x"))')"
"$KRAIT" run --deterministic --timeout 300ms -c 'while True: pass' 2>err </dev/null
same "a limit of time: status" $? 124
"$KRAIT" run --deterministic --timeout 300ms -c 'import time
while True: time.sleep(1)' 2>err </dev/null
same "a limit of time in sleeps: status" $? 124
same "input" "$( (sleep 0.2; echo late) | "$KRAIT" run --deterministic -c 'print(input())')" late
same "input in time" "$( (sleep 0.2; echo late) | "$KRAIT" run --deterministic -c '
import select, sys, time
print(len(select.select([sys.stdin], [], [], 60)[0]), time.monotonic() < 1)')" "1 True"
# It comes when the program has said that it has not come.
mkfifo late
: >said
"$KRAIT" run --deterministic -c '
import select, sys, time
print(len(select.select([sys.stdin], [], [], 0.1)[0]), 0.1 < time.monotonic() < 0.2, flush=True)
print(input())' <late >said 2>err &
program=$!
exec 3>late
while [ ! -s said ] && kill -0 $program 2>/dev/null; do sleep 0.1; done
echo late >&3
exec 3>&-
wait $program
same "input too late: status" $? 0
same "input too late: $(cat err)" "$(cat said)" "0 True
late"

for wrong in =x = =-1 =18446744073709551616 =1x; do
    "$KRAIT" run "--deterministic$wrong" -c 'print(1)' >out 2>err </dev/null
    same "--deterministic$wrong: status" $? 125
    has "--deterministic$wrong: text" "$(cat err)" "--deterministic takes a number"
done
"$KRAIT" run --deterministic 7 >out 2>err </dev/null
same "a word behind it is the program" $? 127
finish
