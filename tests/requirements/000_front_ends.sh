# SPDX-License-Identifier: Apache-2.0
# build-python-module.sh and build-python-project.sh as programs: arguments, variables, where they write. A double
# stands for krait.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
T=$(cd "$T" && pwd -P)
module=$KRAIT_SOURCE_DIR/scripts/build-python-module.sh
project=$KRAIT_SOURCE_DIR/scripts/build-python-project.sh
mkdir "$T/bin" "$T/my example" "$T/my example/src" "$T/work"
cat >"$T/bin/krait" <<'END'
#!/bin/sh
printf '<%s>' "$@" "$KRAIT_MODULE_RUNTIME" >"$DOUBLE_LOG"
[ -z "${DOUBLE_STATUS:-}" ] || exit "$DOUBLE_STATUS"
echo module >"$3"
END
chmod +x "$T/bin/krait"
KRAIT=$T/bin/krait
DOUBLE_LOG=$T/log
export KRAIT DOUBLE_LOG
unset WADUP_ROOT PYTHON_DIR WASI_SDK_PATH KRAIT_MODULE_RUNTIME CC AR
echo 'print(1)' >"$T/my example/src/script.py"
cd "$T/work" || exit 1

run() {
    : >"$DOUBLE_LOG"
    out=$("$@" 2>"$T/err" </dev/null)
    rc=$?
    err=$(cat "$T/err")
    asked=$(cat "$DOUBLE_LOG")
}

# --- the module script -------------------------------------------------------------------------

run "$module" my-first-module "$T/my example/src/script.py"
same "it writes beside the script's folder" "$rc: $out" "0: $T/my example/target/my_first_module.wasm"
same "it asks" "$asked" "<module><-o><$T/my example/target/my_first_module.wasm><--name><my-first-module><--><$T/my example/src/script.py><>"
check "it is there" test -f "$T/my example/target/my_first_module.wasm"
run "$module" one "../my example/src/script.py" "here/and there"
same "another folder" "$rc: $out" "0: $T/work/here/and there/one.wasm"
(cd "$T/my example/src" && "$module" near script.py) >/dev/null 2>&1
check "a script without a folder" test -f "$T/my example/target/near.wasm"
run env DOUBLE_STATUS=126 "$module" bad "../my example/src/script.py"
same "what krait refuses" "$rc: $out" "1: "
for words in "" "one" "one two three four" "a/b script" "--what" "../x script" ".hidden script"; do
    # shellcheck disable=SC2086 # words
    run "$module" $words
    same "wrong use: '$words'" "$rc: $asked" "2: "
    has "wrong use: '$words' says usage" "$err" "usage: build-python-module.sh"
done
run "$module" one missing.py
same "no script" "$rc: $err" "1: build-python-module.sh: there is no script 'missing.py'"
run "$module" --help
has "--help" "$rc: $out" "0: usage: build-python-module.sh MODULE-NAME SCRIPT [OUTPUT-FOLDER]"

# --- its variables -------------------------------------------------------------------------------

mkdir -p "$T/checkout" "$T/runtime/bin" "$T/cpython/lib" "$T/sdk"
cp "$T/bin/krait" "$T/checkout/krait"
echo runtime >"$T/runtime/bin/python.wasm"
run env KRAIT= WADUP_ROOT="$T/checkout" "$module" one "../my example/src/script.py"
same "WADUP_ROOT" "$rc" 0
run env KRAIT= WADUP_ROOT="$T/cpython" "$module" one "../my example/src/script.py"
same "WADUP_ROOT without krait: status" "$rc" 1
has "WADUP_ROOT without krait" "$err" "WADUP_ROOT is '$T/cpython', where no krait is"
run env PYTHON_DIR="$T/runtime" "$module" one "../my example/src/script.py"
has "PYTHON_DIR is the runtime" "$asked" "<$T/runtime>"
run env PYTHON_DIR="$T/cpython" "$module" one "../my example/src/script.py"
same "PYTHON_DIR with a CPython to be linked: status" "$rc: $asked" "1: "
has "PYTHON_DIR with a CPython to be linked" "$err" "PYTHON_DIR is '$T/cpython', which is no module runtime"
run env WASI_SDK_PATH="$T/sdk" "$module" one "../my example/src/script.py"
same "WASI_SDK_PATH" "$rc" 0
run env WASI_SDK_PATH="$T/nowhere" "$module" one "../my example/src/script.py"
same "no such WASI_SDK_PATH: status" "$rc: $asked" "1: "
has "no such WASI_SDK_PATH" "$err" "WASI_SDK_PATH is '$T/nowhere', which does not exist"

# --- projects ------------------------------------------------------------------------------------

run "$project" "$T/my example"
same "a folder that is no project" "$rc: $asked" "1: "
has "and why" "$err" "has no pyproject.toml"
mkdir "$T/a-project"
: >"$T/a-project/pyproject.toml"
run "$project" "../a-project/"
same "a project" "$rc: $out" "0: $T/a-project/target/a_project.wasm"
same "it asks for" "$asked" "<module><-o><$T/a-project/target/a_project.wasm><--><$T/a-project><>"
run "$project" ../a-project out
same "a project, another folder" "$rc: $out" "0: $T/work/out/a_project.wasm"
run "$project" nowhere
same "no project" "$rc: $asked" "1: "
for words in "" "one two three" "--what"; do
    # shellcheck disable=SC2086 # words
    run "$project" $words
    same "wrong use of the other: '$words'" "$rc: $asked" "2: "
done
# As an installation has them, and through a link.
ln -s "$module" "$T/linked"
run "$T/linked" one "../my example/src/script.py"
same "through a link" "$rc" 0
mkdir -p "$T/prefix/share/krait" "$T/prefix/bin"
cp -R "$KRAIT_SOURCE_DIR/compat" "$T/prefix/share/krait/"
cp "$T/bin/krait" "$T/prefix/bin/krait"
run env KRAIT= "$T/prefix/share/krait/compat/scripts/build-python-module.sh" one "../my example/src/script.py"
same "installed" "$rc" 0
finish
