# SPDX-License-Identifier: Apache-2.0
# The libc functions of the native flavour (guest/native), in a program in C.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
sysroot=$("$KRAIT_SOURCE_DIR/recipes/build" --where wasi-libc 2>/dev/null) || skip "the sysroot is not in the cache"
say() { echo "$@"; }
. "$KRAIT_SOURCE_DIR/recipes/tools.sh"
mkdir "$T/run"
tools_find "$T/run" >/dev/null 2>&1 || skip "no compiler for WebAssembly"
cd "$KRAIT_SOURCE_DIR" || exit 1
# shellcheck disable=SC2086 # words
check "it compiles and links" $CC --target=$TARGET --sysroot="$sysroot" -O1 -std=gnu11 -fno-builtin -D_GNU_SOURCE \
    -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_SIGNAL \
    -isystem guest/native/include -Iinclude -Iguest/native guest/native/*.c tests/guest/native/libc.c \
    -lwasi-emulated-signal -o "$T/libc.wasm"
same "what it says" "$(XDG_CACHE_HOME=$T/cache "$KRAIT" run "$T/libc.wasm" 2>&1)" whole
finish
