# SPDX-License-Identifier: Apache-2.0
# `krait run` as a process: arguments, stdin, exit codes, tracebacks, Python's options.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1

# gives NAME WANTED-STATUS WANTED-STDOUT ARGUMENT...: stdin is empty.
gives() {
    name=$1
    status=$2
    wanted=$3
    shift 3
    found=$("$KRAIT" "$@" 2>err </dev/null)
    same "$name: status" $? "$status"
    same "$name: stdout" "$found" "$wanted"
}

cat >script.py <<'PY'
import sys
print(sys.argv[1:], __name__, __file__)
PY
gives "a script" 0 "['a', 'b c', '', '-x', '--dir'] __main__ $T/script.py" \
    run script.py a "b c" "" -x --dir
gives "an absolute path" 0 "[] __main__ $T/script.py" run "$T/script.py"
gives "through .." 0 "[] __main__ $T/script.py" run "../$(basename "$T")/script.py"
gives "-c" 0 "['-c', 'x', '-m']" run -c 'import sys; print(sys.argv)' x -m
gives "-c in one word" 0 "3" run '-cprint(1 + 2)'
same "-m" "$(echo '{"b": 1}' | "$KRAIT" run -m json.tool --compact)" '{"b":1}'
gives "-m of a module that is not there" 1 "" run -m no_such_module
has "-m: text" "$(cat err)" "No module named no_such_module"
same "stdin as program" "$(echo 'print(6 * 7)' | "$KRAIT" run -)" 42
same "stdin as program, without -" "$(echo 'print(6 * 7)' | "$KRAIT" run)" 42
same "- with arguments" "$(echo 'import sys; print(sys.argv)' | "$KRAIT" run - a b)" "['-', 'a', 'b']"
same "stdin as data" "$(printf 'one\ntwo\n' | "$KRAIT" run -c 'import sys; print(sys.stdin.read().split())')" \
    "['one', 'two']"
same "stdin by lines" "$(printf 'a\nb\n' | "$KRAIT" run -c 'print(input() + input())')" ab
same "stdin from a file" "$("$KRAIT" run -c 'print(len(input()))' <script.py)" 10
has "end of stdin" "$("$KRAIT" run -c 'input()' 2>&1 </dev/null)" EOFError

# Exit codes.
for code in 0 1 2 7 124 125 126 127 255; do
    gives "exit $code" $code "" run -c "import sys; sys.exit($code)"
done
gives "exit -1" 255 "" run -c 'import sys; sys.exit(-1)'
same "exit -1 is quiet" "$(cat err)" ""
gives "exit 256" 0 "" run -c 'import sys; sys.exit(256)'
has "exit 256 is told" "$(cat err)" "the program exited with 256, of which the system keeps the low 8 bits: 0"
gives "exit with a text" 1 "" run -c 'import sys; sys.exit("the reason")'
same "the text" "$(cat err)" "the reason"
gives "os._exit" 9 "" run -c 'import os; os._exit(9)'
gives "syntax error" 1 "" run -c 'x ='
has "syntax error: text" "$(cat err)" "SyntaxError"
gives "abort" 134 "" run -c 'import os; os.abort()'
has "abort: told" "$(cat err)" "krait: the program was stopped: unreachable"

# Tracebacks show the source, of the script and of the library.
printf 'import json\ndef f():\n    json.loads("{")\nf()\n' >bad.py
gives "traceback" 1 "" run bad.py
has "traceback: file" "$(cat err)" "File \"$T/bad.py\", line 3, in f"
has "traceback: line" "$(cat err)" 'json.loads("{")'
has "traceback: library line" "$(cat err)" "return _default_decoder.decode(s)"
has "traceback: exception" "$(cat err)" "json.decoder.JSONDecodeError: "

# Python's own options.
gives "-O" 0 "1 False" run -O -c 'import sys; print(sys.flags.optimize, __debug__)'
gives "-OO" 0 "2" run -OO -c 'import sys; print(sys.flags.optimize)'
gives "-S" 0 "False" run -S -c 'import sys; print("site" in sys.modules)'
gives "-I" 0 "1 1 1" run -I -c 'import sys; f = sys.flags; print(f.isolated, f.no_user_site, f.ignore_environment)'
gives "-Ic" 0 "1" run -Ic 'import sys; print(sys.flags.isolated)'
gives "-X dev" 0 "True" run -X dev -c 'import sys; print(sys.flags.dev_mode)'
gives "-Xutf8=1" 0 "1" run -Xutf8=1 -c 'import sys; print(sys.flags.utf8_mode)'
gives "-W error" 1 "" run -W error -c 'import warnings; warnings.warn("x")'
has "-W error: text" "$(cat err)" "UserWarning: x"
gives "-Wd" 0 "['d']" run -Wd -c 'import sys; print(sys.warnoptions)'
gives "-b -B -q -s -u -v after each other" 0 "True" run -b -B -q -s -u -c 'import sys; print(sys.flags.dont_write_bytecode == 1)'
gives "-V" 0 "$("$KRAIT" python -V)" run -V
has "-V: text" "$("$KRAIT" run --version)" "Python 3.13."
gives "a script that looks like an option" 0 "[] __main__ $T/script.py" run -- script.py
has "-i goes on at the prompt" "$(echo 'print(x + 1)' | "$KRAIT" run -i -c 'x = 41' 2>/dev/null)" 42
gives "krait python" 0 "['--dir', 'x']" python -c 'import sys; print(sys.argv[1:])' --dir x
gives "krait python with a script" 0 "['-e', 'A=1'] __main__ $T/script.py" python script.py -e A=1

# Environment: nothing but what is given.
KRAIT_TEST_SECRET=hidden
export KRAIT_TEST_SECRET
gives "no environment" 0 "{}" run -c 'import os; print({k: v for k, v in os.environ.items() if k != "LC_CTYPE"})'
gives "-e" 0 "v w= 1" run -e A=v --env "B=w=" --env=C=1 -c 'import os; print(os.environ["A"], os.environ["B"], os.environ["C"])'
gives "-e NAME copies" 0 "hidden" run -e KRAIT_TEST_SECRET -c 'import os; print(os.environ["KRAIT_TEST_SECRET"])'
gives "the last one counts" 0 "2" run -e A=1 -e A=2 -c 'import os; print(os.environ["A"])'
gives "PYTHON variables work" 0 "1" run -e PYTHONOPTIMIZE=1 -c 'import sys; print(sys.flags.optimize)'

# Output: unbuffered enough to keep the order, closed pipes are an error of the guest.
same "both streams" "$("$KRAIT" run -c 'import sys
print("a", flush=True); print("b", file=sys.stderr); print("c")' 2>&1)" "a
b
c"
"$KRAIT" run -c 'for i in range(100000): print(i)' 2>err | head -n 1 >out
same "closed pipe: first line" "$(cat out)" 0
has "closed pipe: error" "$(cat err)" BrokenPipeError
"$KRAIT" run -c 'print("x" * 100000)' >/dev/full 2>err
same "full disk: status" $? 1
has "full disk: error" "$(cat err)" "No space left on device"
same "a megabyte through" "$("$KRAIT" run -c 'import sys; sys.stdout.write("y" * 3000000)' | wc -c | tr -d ' ')" 3000000
"$KRAIT" run -c 'import sys; print(sys.stdin is None)' <&- >out 2>err
same "closed stdin" "$(cat out)" True
"$KRAIT" run -c 'import sys; print("lost"); print(sys.stdout, file=sys.stderr)' >&- 2>err
same "closed stdout: status" $? 0
same "closed stdout" "$(cat err)" None
"$KRAIT" run -c 'import sys; print(sys.stderr)' >out 2>&-
same "closed stderr" "$(cat out)" None
"$KRAIT" run -c 'import os; os._exit(len(os.listdir("/")))' <&- >&- 2>&-
same "all closed" $? 3
# The command line gives a program no functions.
out=$("$KRAIT" run -c 'import krait_host; krait_host.call("anything")' 2>&1)
same "no host functions: exit status" $? 1
has "no host functions: why" "$out" "LookupError: the host has no function 'anything'"
finish
