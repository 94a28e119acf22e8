# SPDX-License-Identifier: Apache-2.0
# krait doctor: what is there, and what is lost when something is taken away. With the argument
# `guest` the machine as it is, which has to work.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
cd "$T" || exit 1

# status NAME: of that check in the JSON in the file `json`; works: the last word.
status() {
    tr '{' '\n' <json | sed -n "s/^\"name\":\"$1\",\"status\":\"\([a-z]*\)\".*/\1/p"
}
found() {
    tr '{' '\n' <json | sed -n "s/^\"name\":\"$1\",.*\"found\":\"\(.*\)\",\"lost\".*/\1/p"
}

if [ "${1-}" = guest ]; then
    "$KRAIT" doctor >out 2>err
    same "works: status" $? 0
    same "works: stderr" "$(cat err)" ""
    has "works: said" "$(tail -n 1 out)" "works here"
    "$KRAIT" doctor --json >json
    same "json: status" $? 0
    same "runtime" "$(status runtime)" ok
    same "Python" "$(status Python)" ok
    has "its version" "$(found Python)" "Python 3."
    for name in "portable Python" "module runtime"; do
        same "$name" "$(status "$name")" ok
        has "$name: which" "$(found "$name")" "/bin/python.wasm"
    done
    # Left out where SQLite or libarchive is missing.
    program=${KRAIT%/bin/krait}/libexec/krait/krait-process
    same "documents" "$(status documents)" "$([ -x "$program" ] && echo ok || echo missing)"
    has "documents: which" "$(found documents)" "$program"
    finish
fi

# Nothing to run, no compiler, no place for a cache, little address space.
KRAIT_RUNTIME=$T/nowhere
KRAIT_CC=$T/no-compiler
KRAIT_CACHE=/proc/krait-test
export KRAIT_RUNTIME KRAIT_CC KRAIT_CACHE
"$KRAIT" doctor --json >json 2>err
same "broken: status" $? 1
same "broken: stderr" "$(cat err)" ""
same "one line" "$(wc -l <json)" 1
if command -v python3 >/dev/null; then
    check "it is JSON" python3 -c 'import json, sys
report = json.load(open("json"))
assert report["works"] is False
assert all(check["lost"] and check["found"] for check in report["checks"])
assert {check["status"] for check in report["checks"]} <= {"ok", "missing", "broken"}'
fi
same "kernel" "$(status kernel)" ok
same "runtime" "$(status runtime)" broken
has "which file" "$(found runtime)" "$T/nowhere/python.krt"
same "Python" "$(status Python)" broken
same "C compiler" "$(status 'C compiler')" missing
same "no portable Python" "$(status 'portable Python')" missing
has "no portable Python: where" "$(found 'portable Python')" "$T/nowhere-portable/bin/python.wasm"
same "no module runtime" "$(status 'module runtime')" missing
has "no module runtime: where" "$(found 'module runtime')" "$T/nowhere-module/bin/python.wasm"
mkdir -p no-module/bin
echo "no module" >no-module/bin/python.wasm
KRAIT_MODULE_RUNTIME=$T/no-module "$KRAIT" doctor --json >json 2>err
has "a file that is no module" "$(found 'module runtime')" "is no WebAssembly module"
"$KRAIT" doctor --json >json 2>err
same "cache" "$(status cache)" missing
has "where" "$(found cache)" "/proc/krait-test/module"
"$KRAIT" doctor >out 2>err
same "text: status" $? 1
has "text: what is lost" "$(cat out)" "without it: modules are translated for every run"
has "text: the end" "$(tail -n 1 out)" "does not work here"

# A file that is no translation.
mkdir -p runtime/usr/local/lib/python3.13 runtime/bin
: >runtime/bin/python.wasm
echo "not a module" >runtime/python.krt
KRAIT_RUNTIME=$T/runtime
"$KRAIT" doctor --json >json
same "damaged: status" $? 1
has "damaged: said" "$(found runtime)" "is not a translated module"

if [ "${KRAIT_TEST_SANITIZED-}" != 1 ]; then
    (ulimit -v 4000000 && "$KRAIT" doctor --json >json)
    same "address space" "$(status 'address space')" missing
    has "how much" "$(found 'address space')" "room for 0 sandboxes"
    (ulimit -n 64 && "$KRAIT" doctor --json >json)
    same "open files" "$(status 'open files')" missing
    same "how many" "$(found 'open files')" 64
fi

"$KRAIT" doctor nonsense >out 2>err
same "usage: status" $? 125
has "usage: text" "$(cat err)" "unknown argument 'nonsense'"
has "help" "$("$KRAIT" doctor --help)" "usage: krait doctor"
finish
