# SPDX-License-Identifier: Apache-2.0
# check_commands.py on copies of the lists with planted mistakes.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
ctest=$1
mkdir -p "$T/tests" "$T/docs"
# refuses NAME PART FILE SCRIPT: with the sed script applied to a file it says PART.
refuses() {
    rm -rf "$T/tests" "$T/docs"
    mkdir -p "$T/tests" "$T/docs"
    cp -R "$KRAIT_SOURCE_DIR/tests/requirements" "$T/tests/"
    cp "$KRAIT_SOURCE_DIR/docs/requirements.md" "$T/docs/"
    sed -i "$4" "$T/$3"
    out=$(python3 "$T/tests/requirements/check_commands.py" "$ctest" 2>&1)
    same "$1: status" "$?" 1
    has "$1" "$out" "$2"
}
list=tests/requirements/commands.txt
refuses "a command that no document lists" "docs/requirements.md: 001-more is not listed" $list '/^== 001-build /i == 001-more requirements.001-run\nmore'
refuses "a command that is gone" "docs/requirements.md: 001-script is not in commands.txt" $list 's/^== 001-script.*/more/'
refuses "a test that is not there" "there is no test requirements.nothing" $list 's/^== 001-build .*/== 001-build requirements.nothing/'
refuses "a test that does not name it" "requirements.001-run does not name it" tests/requirements/001_run.sh 's/001-interpreter/x/'
refuses "a command that is listed twice" "lists a command twice" docs/requirements.md '/^| `001-build`/{p}'
mkdir "$T/against"
printf '```\nunheard-of --option\n```\n' >"$T/against/002_x.txt"
out=$(python3 "$KRAIT_SOURCE_DIR/tests/requirements/check_commands.py" "$ctest" --against "$T/against" 2>&1)
same "a block of a document that is not in the list: status" "$?" 1
has "a block of a document that is not in the list" "$out" "002: a block is missing:
unheard-of --option"
finish
