# SPDX-License-Identifier: Apache-2.0
# tools/check-format on a file that is laid out differently.
. "$KRAIT_SOURCE_DIR/tests/style/lib.sh"
"$KRAIT_SOURCE_DIR/tools/check-format" "$KRAIT_SOURCE_DIR" >/dev/null 2>&1
[ $? -ne 77 ] || skip "the version of clang-format that decides is not installed"
new_tree
cp "$KRAIT_SOURCE_DIR/.clang-format" "$T/tree/"
rm -r "$T/tree/include"
printf 'int\nf(int a)\n{\n    return a;\n}\n' | put aot/a.c
check "a formatted file is accepted" "$KRAIT_SOURCE_DIR/tools/check-format" "$T/tree"
printf 'int f(int a) {\n  return a;\n}\n' | put "aot/a b.c"
out=$("$KRAIT_SOURCE_DIR/tools/check-format" "$T/tree")
same "another layout is refused" $? 1
has "the file is named" "$out" "aot/a b.c:1: not formatted"
check "it is put right" "$KRAIT_SOURCE_DIR/tools/check-format" --fix "$T/tree"
check "and then accepted" "$KRAIT_SOURCE_DIR/tools/check-format" "$T/tree"
finish
