# SPDX-License-Identifier: Apache-2.0
# list.sh LIBRARY VERSION: the exports are those that exports.txt has for this version, under a
# symbol version and a soname that change when they may (docs/abi.md). To change the list on purpose:
# nm -D --defined-only libkrait.so | sed -n 's/.* T \(krait_[^@]*\).*/\1/p' | sort
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v nm >/dev/null && command -v readelf >/dev/null || skip "no nm or readelf"
case $2 in
0.*) line=${2%.*} ;;
*) line=${2%%.*} ;;
esac
list=$KRAIT_SOURCE_DIR/tests/abi/exports.txt
has "the list is of this version" "$(head -n 2 "$list")" "libkrait $line,"
grep -v '^#' "$list" >"$T/wanted"
nm -D --defined-only "$1" | sed -n 's/.* T \(krait_[^@]*\).*/\1/p' | LC_ALL=C sort >"$T/found"
check "exports are those of the list" diff "$T/wanted" "$T/found"
check "the list is sorted" env LC_ALL=C sort -cu "$T/wanted"
has "soname" "$(readelf -dW "$1" | grep SONAME)" "[libkrait.so.$line]"
has "symbol version" "$(readelf -VW "$1")" "KRAIT_$line"
finish
