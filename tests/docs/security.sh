# SPDX-License-Identifier: Apache-2.0
# security.sh CTEST: every claim in SECURITY.md names tests that exist.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
"$1" --test-dir "$KRAIT_BINARY_DIR" -N | sed -n 's/^ *Test *#[0-9]*: //p' >"$T/tests"
check "there are tests" test -s "$T/tests"
sed -n '/^## What Krait protects/,/^## What Krait does not/p' "$KRAIT_SOURCE_DIR/SECURITY.md" |
    grep '^|.*|.*|' | sed 1,2d | grep -v '^| the guest cannot' >"$T/rows"
check "there are claims" test -s "$T/rows"
while IFS= read -r row; do
    tests=$(printf '%s\n' "$row" | sed 's/.*|\([^|]*\)|$/\1/' | grep -o '`[^`]*`' | tr -d '`')
    [ -n "$tests" ] || failed "no test for: $row"
    for name in $tests; do
        pattern=$(printf '%s' "$name" | sed 's/\./[.]/g; s/\*/.*/g')
        check "test '$name' exists" grep -q "^$pattern\$" "$T/tests"
    done
done <"$T/rows"
finish
