# SPDX-License-Identifier: Apache-2.0
# hardening.sh FILE...: no executable stack, relocations read-only after start, position
# independent.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v readelf >/dev/null || skip "no readelf"
for file; do
    [ -e "$file" ] || continue
    name=${file##*/}
    headers=$(readelf -lW "$file")
    has "$name: type is a shared object" "$(readelf -hW "$file")" "DYN"
    has "$name: RELRO" "$headers" "GNU_RELRO"
    check_not "$name: stack is not executable" sh -c 'readelf -lW "$1" | grep GNU_STACK | grep -q "RWE"' sh "$file"
    has "$name: bound at start" "$(readelf -dW "$file")" "BIND_NOW"
done
finish
