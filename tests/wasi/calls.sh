# SPDX-License-Identifier: Apache-2.0
# docs/wasi.md names tests for every call that a module may import, and the tests are there.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
sed -n 's/^    X(\([a-z_]*\), "[iI]*", "i*").*/\1/p' "$KRAIT_SOURCE_DIR/host/wasi/state.h" |
    sed '/^sock_shutdown$/q' | sort >"$T/calls"
same "45 calls and proc_raise" "$(wc -l <"$T/calls" | tr -d ' ')" 46
sed -n '/^## Tests of each call/,/^## krait_host/p' "$KRAIT_SOURCE_DIR/docs/wasi.md" |
    grep '^| `' >"$T/rows"
cut -d '|' -f 2 "$T/rows" | grep -o '`[^`]*`' | tr -d '`' | sort >"$T/named"
check "each call has one row" diff "$T/calls" "$T/named"
while IFS= read -r row; do
    program=
    for word in $(printf '%s\n' "$row" | cut -d '|' -f 3 | grep -o '`[^`]*`' | tr -d '`'); do
        case $word in
        wasi.*) program=$KRAIT_SOURCE_DIR/tests/wasi/test_$(echo "${word#wasi.}" | tr - _).c ;;
        *) check "$program has '$word'" grep -q "CHECK_CASE($word)" "$program" ;;
        esac
    done
done <"$T/rows"
finish
