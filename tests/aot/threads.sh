# SPDX-License-Identifier: Apache-2.0
# Translates threads.wat and its peer, and runs test_threads.c on them.
# Usage: threads.sh PROGRAM [CASE...]
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
program=$1
shift

make_module() {
    wat2wasm --debug-names --enable-threads --enable-tail-call --enable-multi-memory "$1" -o "$2.wasm" ||
        failed "wat2wasm $1"
    "$KRAIT" compile "$2.wasm" -o "$2.krt" -O 1 ||
        failed "krait compile $1"
}
here="$KRAIT_SOURCE_DIR/tests/aot"
make_module "$here/threads.wat" "$T/main"
make_module "$here/threads_peer.wat" "$T/peer"
echo '(module (memory 1 1 shared) (memory 1) (func (export "eight") (result i32) (i32.const 8)))' >"$T/plain.wat"
echo '(module (import "plain" "eight" (func (result i32))) (memory 1 1 shared)
    (func (export "go") (result i32) (call 0)))' >"$T/user.wat"
make_module "$T/plain.wat" "$T/plain"
make_module "$T/user.wat" "$T/user"
check "threads in one instance" env "KRAIT_TEST_MAIN=$T/main.krt" "KRAIT_TEST_PEER=$T/peer.krt" \
    "KRAIT_TEST_PLAIN=$T/plain.krt" "KRAIT_TEST_USER=$T/user.krt" "$program" "$@"
finish
