# SPDX-License-Identifier: Apache-2.0
# The limits of `krait run`, each from both sides: below it nothing changes, above it the program
# ends with status 124 and the limit's name, or gets the exception that fits.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1

# ends NAME STATUS TEXT ARGUMENT...: that status, and the text on stdout or stderr.
ends() {
    what=$1
    wanted=$2
    part=$3
    shift 3
    "$KRAIT" run "$@" >out 2>err <&3
    same "$what: status" $? "$wanted"
    has "$what: text" "$(cat out err)" "$part"
}

# told NAME PATTERN ARGUMENT...: status 124, and what the guest itself says when it has gone over a limit of time, which is
# LIMIT in the arguments: a longer one when it was not up by then, or had no time left to say it.
told() {
    what=$1
    part=$2
    shift 2
    for limit in 0.3 3 30; do
        with_limit $limit "$@"
        # shellcheck disable=SC2254 # a pattern
        case $(cat out err) in *$part*) break ;; esac
    done
    same "$what: status" $status 124
    # shellcheck disable=SC2254 # a pattern
    case $(cat out err) in *$part*) passed ;; *) has "$what: text" "$(cat out err)" "$part" ;; esac
}
# with_limit SECONDS ARGUMENT...: leaves status, out and err.
with_limit() {
    limit=$1
    shift
    for word; do
        shift
        [ "$word" != LIMIT ] || word=${limit}s
        set -- "$@" "$word"
    done
    "$KRAIT" run "$@" >out 2>err <&3
    status=$?
}

# Something that can be read and never gives anything.
mkfifo quiet
exec 3<>quiet

# ---- time: whatever the program does ----
wall="wall time limit of 0.3 s"
ends "below" 0 done --timeout 10m -c 'print("done")'
ends "loop" 124 "$wall" --timeout 300ms -c 'while True: pass'
ends "a long power" 124 "$wall" --timeout 300ms -c '10**10**8'
ends "a bad regular expression" 124 "$wall" --timeout 300ms -c 'import re
re.match("(a|aa)*$" , "a" * 10000 + "b")
re.match("(a+)+$" , "a" * 1000 + "b")'
ends "one long C function" 124 "$wall" --timeout 300ms -c 'x = bytes(1 << 28)
while True: x.translate(None, b"a")'
ends "filling memory" 124 "$wall" --timeout 300ms -c 'x = bytearray(1 << 28)
while True: x[:] = bytes(1 << 28)'
ends "sleep" 124 "$wall" --timeout 300ms -c 'import time; time.sleep(1000)'
ends "blocked read" 124 "$wall" --timeout 300ms -c 'input()'
ends "poll" 124 "$wall" --timeout 300ms -c 'import select
select.select([0], [], [], 1000)'
ends "waiting for a signal" 124 "$wall" --timeout 300ms -c 'import signal; signal.alarm(1000); signal.pause()'
ends "host calls without end" 124 "$wall" --timeout 300ms -c 'import os
while True: os.stat("/")'
ends "before Python is up" 124 "wall time limit of 1e-06 s" --timeout 1us -c pass
told "the exception" "KeyboardInterrupt" --timeout LIMIT -c 'while True: pass'
told "finally runs" "cleaned up" --timeout LIMIT -c 'try:
    while True: pass
finally: print("cleaned up", flush=True)'
ends "it is caught and ignored" 124 "$wall" --timeout 300ms -c 'while True:
    try:
        while True: pass
    except KeyboardInterrupt: pass'
ends "finally that does not end" 124 "$wall" --timeout 300ms -c 'import time
try: time.sleep(1000)
finally: time.sleep(1000)'
ends "signals switched off" 124 "$wall" --timeout 300ms -c 'import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True: pass'
ends "it exits when it is told" 124 "$wall" --timeout 300ms -c 'import os
try:
    while True: pass
except KeyboardInterrupt: os._exit(0)'
ends "deep in C" 124 "$wall" --timeout 300ms -c 'import json
x = "[" * 900 + "]" * 900
while True: json.loads(x)'

# ---- processor time: sleep does not count, what host functions do does ----
cpu="CPU time limit of 0.3 s"
# Where a machine is slow, or counts time that it was not given, a start alone may take as long.
for limit in 0.3 3 30; do
    with_limit $limit --cpu LIMIT -c "import time; time.sleep($limit + 0.7); print('done')"
    [ $status -eq 124 ] || break
done
same "sleep is not processor time: $(cat err)" "$status $(cat out)" "0 done"
ends "processor time" 124 "$cpu" --cpu 300ms -c 'while True: pass'
ends "processor time of the host" 124 "$cpu" --cpu 300ms -c 'import os
while True: os.urandom(1 << 20)'
ends "the first of two limits" 124 "$cpu" --cpu 300ms --timeout 10m -c 'while True: pass'
ends "the other first" 124 "$wall" --cpu 10m --timeout 300ms -c 'while True: pass'

# ---- output: both streams together, by whatever descriptor ----
ends "all that is allowed" 0 12345 --max-output 6 -c 'print("12345")'
ends "one byte more" 124 "output limit of 5 bytes" --max-output 5 -c 'print("12345")'
same "what was allowed came" "$("$KRAIT" run --max-output 5 -c 'print("12345")' 2>/dev/null)" 12345
ends "stderr counts" 124 "output limit of 100 bytes" --max-output 100 -c 'import sys
while True: sys.stderr.write("x" * 7)'
ends "a copy of the descriptor" 124 "output limit of 100 bytes" --max-output 100 -c 'import os
fd = os.dup(1)
while True: os.write(fd, b"x" * 7)'
ends "/dev/stdout" 124 "output limit of 100 bytes" --max-output 100 -c 'with open("/dev/stdout", "wb", 0) as f:
    while True: f.write(b"x" * 7)'
ends "files do not count" 0 done --max-output 5 -c 'open("/tmp/x", "w").write("x" * 100); print("done")'
ends "the error" 124 "output limit" --max-output 0 -c 'import os
try: os.write(1, b"x")
except OSError as e: open("/dev/stderr", "w")
while True: pass'
"$KRAIT" run --max-output 100 -c 'import os
try: os.posix_fallocate(1, 0, 1 << 20)
except OSError as e: print("refused")' >printed 2>err
same "a file is not made larger instead" "$(cat printed)" refused
same "a flood stops at the limit" "$("$KRAIT" run --max-output 1M -c 'while True: print("x" * 1000)' 2>/dev/null | wc -c)" 1048576

# ---- files ----
ends "as many as allowed" 0 done --max-files 20 -c 'import os
x = [os.open("/dev/null", os.O_RDONLY) for i in range(16)]; print("done")'
ends "one more" 1 "No file descriptors available" --max-files 20 -c 'import os
x = [os.open("/dev/null", os.O_RDONLY) for i in range(17)]'
ends "a file that fits" 0 done --max-fs 1M -c 'open("/tmp/x", "wb").write(bytes(900000)); print("done")'
ends "one that does not" 1 "No space left on device" --max-fs 1M -c 'open("/tmp/x", "wb").write(bytes(1100000))'
ends "many small ones" 1 "No space left on device" --max-fs 1M -c 'i = 0
while True: open(f"/tmp/{i}", "w").close(); i += 1'
ends "memory that is there" 0 67108864 --memory 128M -c 'print(len(bytes(1 << 26)))'
ends "memory that is not" 1 MemoryError --memory 128M -c 'bytes(1 << 27)'

# ---- the result as JSON ----
if command -v python3 >/dev/null; then
    # json CODE: the result in the file `out` satisfies this expression.
    json() {
        check "json: $1" python3 -c 'import json, sys
line = open("out").read()
r = json.loads(line)
assert line.count("\n") == 1 and line.endswith("\n"), line
assert eval(sys.argv[1]), line' "$1"
    }
    "$KRAIT" run --json -c 'import sys
print("hé \"x\"\t"); print(input(), file=sys.stderr); sys.exit(300)' >out 2>err <<EOF
typed
EOF
    same "json: status" $? 44
    json 'r["kind"] == "exited" and r["exit_code"] == 300 and r["exit_status"] == 44'
    json 'r["stdout"] == "hé \"x\"\t\n" and r["stderr"] == "typed\n" and r["limit"] is None'
    json '"stdout_base64" not in r and r["wall_ns"] > 0 and r["peak_memory_bytes"] > 1 << 20'
    "$KRAIT" run --json -c 'import os; os.write(1, b"\xff\xfe-\xed\xa0\x80\0")' >out
    json '__import__("base64").b64decode(r["stdout_base64"]) == b"\xff\xfe-\xed\xa0\x80\0"'
    json 'r["stdout"].startswith("\ufffd\ufffd-\ufffd")'
    told "json: limit" "before*KeyboardInterrupt" --json --timeout LIMIT -c 'print("before"); import time; time.sleep(1000)'
    json 'r["kind"] == "limit" and r["limit"] == "wall time" and r["exit_status"] == 124'
    json 'r["stdout"] == "before\n" and "KeyboardInterrupt" in r["stderr"]'
    has "json: said too" "$(cat err)" "wall time limit of $limit s"
    "$KRAIT" run --json --max-output 5 -c 'print("12345")' >out 2>/dev/null
    json 'r["limit"] == "output" and r["stdout"] == "12345" and r["truncated"] == ["stdout"]'
    "$KRAIT" run --json -c 'import os; os.abort()' >out 2>/dev/null
    same "json: trap" $? 134
    json 'r["kind"] == "trapped" and r["message"] == "unreachable" and "abort" in r["backtrace"]'
    json 'r["exit_code"] is None'
    "$KRAIT" run --json missing.py >out 2>/dev/null
    same "json: not found" $? 127
    json 'r["kind"] == "failed" and "missing.py" in r["message"] and r["exit_status"] == 127'
    "$KRAIT" run --status-fd 4 -c 'print("seen")' 4>out >printed
    json 'r["kind"] == "exited" and "stdout" not in r'
    same "status-fd: stdout is as ever" "$(cat printed)" seen
    "$KRAIT" run --json --status-fd=4 --timeout 300ms -c 'while True: pass' 4>out 2>/dev/null
    same "status-fd: limit" $? 124
    json 'r["limit"] == "wall time" and "stdout" not in r'
    if [ -w /dev/full ]; then
        "$KRAIT" run --json -c pass >/dev/full 2>err
        same "json: nowhere to write" $? 125
        has "json: said" "$(cat err)" "cannot write the result: No space left on device"
    fi
    # A result that a pipe does not hold: it waits for the reader, and for nobody after Ctrl-C.
    check "json: a reader that is late" python3 - <<'EOF'
import fcntl, os, json, select, signal, subprocess, termios
signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as in the background of a shell
for blocks, number in (False, None), (True, signal.SIGINT), (False, signal.SIGINT):
    end, start = os.pipe()
    os.set_blocking(start, blocks)
    run = subprocess.Popen([os.environ["KRAIT"], "run", "--json", "-c", "print('x' * 300000)"], stdout=start)
    held, size = b"    ", fcntl.fcntl(start, fcntl.F_GETPIPE_SZ)
    while run.poll() is None and int.from_bytes(held, "little") != size:
        select.select([], [], [], 0.02)
        held = fcntl.ioctl(end, termios.FIONREAD, held)
    os.close(start)
    select.select([], [], [], 0.2)
    if number:
        run.send_signal(number)
        assert run.wait(60) == -number, run.returncode
    else:
        with open(end, "rb", closefd=False) as line:
            assert len(json.load(line)["stdout"]) == 300001
        assert run.wait(60) == 0, run.returncode
    os.close(end)
EOF
fi
finish
