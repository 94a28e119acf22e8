# SPDX-License-Identifier: Apache-2.0
# krait_guest.sh PROGRAM: guest/krait_host.c, compiled to WebAssembly, translated, and run by
# guest/run.c. What <krait/guest.h> declares is what the host has, with the same types.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
here=$KRAIT_SOURCE_DIR/tests/wasi/guest

# All that the header wants of a libc.
mkdir "$T/include" "$T/first" "$T/second"
echo '#define static_assert _Static_assert' >"$T/include/assert.h"
cc=
for candidate in "${CC:-clang}" clang-22 clang clang-19; do
    if "$candidate" --target=wasm32 -nostdlib -ffreestanding -O1 -std=c11 -Wall -Wextra -Werror \
        -I "$T/include" -I "$KRAIT_SOURCE_DIR/include" -Wl,--export=_start \
        -o "$T/guest.wasm" "$here/krait_host.c" 2>"$T/errors"; then
        cc=$candidate
        break
    fi
done
[ -n "$cc" ] || {
    grep -q 'krait_host.c:' "$T/errors" && { cat "$T/errors"; exit 1; }
    skip "no clang and lld that make WebAssembly"
}
check "it is translated" "$KRAIT" compile "$T/guest.wasm" -o "$T/guest.krt"
timeout 100 "$1" "$T/guest.krt" "$T/first" "$T/second"
same "it ends well" $? 0
same "the mode of the file that it made" "$(stat -c %a "$T/first/d/f")" 200
same "the mode of the folder that it made" "$(stat -c %a "$T/second/d")" 711
finish
