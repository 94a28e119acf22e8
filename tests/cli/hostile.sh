# SPDX-License-Identifier: Apache-2.0
# Guests that misbehave: the host survives, says what happened, and ends with a status of its own.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1

# ends NAME STATUS PART CODE: with that status and PART on stderr; no signal, no crash.
ends() {
    "$KRAIT" run -c "$4" >out 2>err </dev/null
    status=$?
    same "$1: status" $status "$2"
    has "$1: text" "$(cat out err)" "$3"
}

ends "recursion in Python" 1 RecursionError 'def f(): f()
f()'
ends "recursion without a limit" 1 RecursionError 'import sys
sys.setrecursionlimit(10**6)
class A:
    def __getattr__(self, name): return getattr(self, name + "x")
A().y'
ends "recursion through C" 1 RecursionError 'import functools
def f(x): return functools.reduce(lambda a, b: f(b), [x, x])
f(1)'
ends "deep repr" 1 RecursionError 'x = []
for i in range(100000): x = [x]
repr(x)'
ends "deep source" 1 "" 'eval("(" * 100000 + ")" * 100000)'
ends "deep json" 1 RecursionError 'import json; json.loads("[" * 100000)'
ends "deep pickle" 1 RecursionError 'import pickle
x = []
for i in range(100000): x = [x]
pickle.dumps(x)'
ends "deep deallocation" 0 done 'x = None
for i in range(1000000): x = (x,)
del x
print("done")'
ends "too much memory at once" 1 MemoryError 'bytearray(1 << 33 if __import__("sys").maxsize > 1 << 32 else (1 << 31) - 1) * 4'
ends "memory without end" 1 MemoryError 'x = []
while True: x.append(bytearray(1 << 26))'
ends "MemoryError can be caught" 0 caught 'x = []
try:
    while True: x.append(bytearray(1 << 28))
except MemoryError:
    x = None
    print("caught")'
ends "closed descriptors" 0 "" 'import os
for fd in range(10000):
    try: os.close(fd)
    except OSError: pass'
ends "closed stdio, then an exception" 120 "" 'import os
os.close(2); os.close(1)
raise ValueError'
ends "exit 256" 0 "the program exited with 256" 'import sys; sys.exit(256)'
ends "exit 4294967295 is -1" 255 "" 'import os; os._exit(-1)'
ends "exit 300" 44 "the program exited with 300" 'import os; os._exit(300)'
ends "abort" 134 "the program was stopped: unreachable" 'import os; os.abort()'
ends "descriptors without end" 1 "No file descriptors available" 'import os
x = []
while True: x.append(os.open("/dev/null", os.O_RDONLY))'
ends "a file without end" 1 "No space left on device" 'with open("/tmp/x", "wb") as f:
    while True: f.write(bytes(1 << 20))'
ends "files without end" 1 "No space left on device" 'i = 0
while True:
    open(f"/tmp/{i}", "w").close(); i += 1'

# A limit on memory: Python sees it as MemoryError, and goes on.
for size in 64M 65536K 67108864; do
    same "memory: $size" "$("$KRAIT" run --memory $size -c 'try: bytes(1 << 26)
except MemoryError: print("caught", len(bytes(1 << 20)))' 2>&1)" "caught 1048576"
done
same "more memory" "$("$KRAIT" run --memory 256m -c 'print(len(bytes(1 << 26)))' 2>&1)" 67108864
out=$("$KRAIT" run --memory 1M -c pass 2>&1)
same "less memory than the module begins with" $? 125
has "it is said" "$out" "memory"
finish
