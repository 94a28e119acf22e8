# SPDX-License-Identifier: Apache-2.0
# guest/embed/stack_check.c, which libpython calls before anything else, in programs and in a
# reactor, linked with the flags of the .pc file, without them, and with one of them.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
sysroot=$("$KRAIT_SOURCE_DIR/recipes/build" --where wasi-libc 2>/dev/null) || skip "the sysroot is not in the cache"
say() { echo "$@"; }
. "$KRAIT_SOURCE_DIR/recipes/tools.sh"
mkdir "$T/run"
tools_find "$T/run" >/dev/null 2>&1 || skip "no compiler for WebAssembly"
XDG_CACHE_HOME=$T/cache
export XDG_CACHE_HOME
cat >"$T/main.c" <<'EOF'
#include <stdio.h>
void krait_stack_check(void);
static char data[100000];
int
main(int argc, char **argv)
{
    data[argc] = 'x';
    krait_stack_check();
    printf("went on%s\n", argv[0] == data ? "?" : "");
    return 0;
}
EOF

# build NAME FLAG...
build() {
    name=$1
    shift
    check "$name links" $CC --target=$TARGET --sysroot="$sysroot" -O1 -Wall -Wextra -Werror \
        -DKRAIT_STACK_SIZE=8388608 "$T/main.c" "$KRAIT_SOURCE_DIR/guest/embed/stack_check.c" "$@" -o "$T/$name.wasm"
}

# refused NAME WITH: what it was linked with
refused() {
    out=$("$KRAIT" run "$T/$1.wasm" 2>"$T/err")
    same "$1: exit status" $? 78
    same "$1: nothing else happened" "$out" ""
    same "$1: what it says" "$(cat "$T/err")" \
        "libpython: this module cannot run Python: it was linked with a stack of $2; 8388608 bytes below the data are needed.
libpython: link with -z stack-size=8388608 -Wl,--stack-first, as its .pc file says."
}

accepted() {
    out=$("$KRAIT" run "$T/$1.wasm" 2>&1)
    same "$1: exit status" $? 0
    same "$1: goes on" "$out" "went on"
}

build asked -z stack-size=8388608 -Wl,--stack-first -Wl,--initial-memory=20971520
accepted asked
build more -z stack-size=16777216 -Wl,--stack-first
accepted more
build less -z stack-size=8388592 -Wl,--stack-first
refused less "8388592 bytes"
build small -Wl,--stack-first
refused small "65536 bytes"

# The order that was the default before LLVM 22, where it is an option.
after=
$CC --target=$TARGET --sysroot="$sysroot" -Wl,--no-stack-first "$T/main.c" \
    "$KRAIT_SOURCE_DIR/guest/embed/stack_check.c" -DKRAIT_STACK_SIZE=1 -o "$T/try.wasm" 2>/dev/null && after=-Wl,--no-stack-first
# shellcheck disable=SC2086 # none or one
build above $after -z stack-size=8388608
refused above "8388608 bytes above the data"
# shellcheck disable=SC2086 # none or one
build both $after
refused both "65536 bytes above the data"
finish
