# SPDX-License-Identifier: Apache-2.0
# compile.sh c|c++: every public header compiles alone, strictly, and twice in one file.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
case $1 in
c) standard=c11 compilers=$KRAIT_TEST_CC ;;
*) standard=c++11 compilers="c++ g++ clang++ $KRAIT_TEST_CC clang clang-22 clang-19 clang-18" ;;
esac
echo 'int main() { return 0; }' >"$T/probe"
cc=
for candidate in $compilers; do
    if "$candidate" -x "$1" -std=$standard -fsyntax-only "$T/probe" 2>/dev/null; then
        cc=$candidate
        break
    fi
done
[ -n "$cc" ] || skip "no compiler for $1"
for header in "$KRAIT_SOURCE_DIR"/include/krait/*.h; do
    name=${header##*/}
    # abi.h is read by translated code only, which is C.
    [ "$1$name" != c++abi.h ] || continue
    printf '#include <krait/%s>\n#include <krait/%s>\n' "$name" "$name" >"$T/use"
    check "$name as $standard" "$cc" -x "$1" -std=$standard -Wall -Wextra -Wpedantic -Wundef \
        -pedantic-errors -Werror -fsyntax-only -I "$KRAIT_SOURCE_DIR/include" "$T/use"
done
finish
