# SPDX-License-Identifier: Apache-2.0
# symbols.sh LIBRARY: libkrait.so exports exactly the functions that the headers declare,
# apart from those of aot.h and pack.h, which are in libraries of their own.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v nm >/dev/null || skip "no nm"
cat "$KRAIT_SOURCE_DIR"/include/krait/*.h | tr '\n' ' ' | grep -o 'KRAIT_API[^;#]*;' |
    grep -o 'krait_[a-z0-9_]* *(' | tr -d ' (' | grep -v -e '^krait_aot_' -e '^krait_pack_' | sort -u >"$T/declared"
nm -D --defined-only "$1" | sed -n 's/.* [TDBRVW] \(krait[a-z0-9_]*\)\(@.*\)*$/\1/p' | sort -u >"$T/exported"
nm -D --defined-only "$1" | sed -n 's/.* [TDBRVW] \([^ ]*\)$/\1/p' | grep -v '^krait_' >"$T/foreign"
check "something is declared" test -s "$T/declared"
check "headers and library agree" diff "$T/declared" "$T/exported"
check_not "nothing else is exported ($(cat "$T/foreign"))" test -s "$T/foreign"
finish
