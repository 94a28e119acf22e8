# SPDX-License-Identifier: Apache-2.0
# modules.sh PROGRAM FOLDER: modules that are no Python, or pretend to be, those of tests/api/FOLDER, for
# a program that looks for them in KRAIT_TEST_FOLDER.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
for wat in "$KRAIT_SOURCE_DIR"/tests/api/"$2"/*.wat; do
    name=$(basename "$wat" .wat)
    check "$name.wat" wat2wasm "$wat" -o "$T/$name.wasm"
    meter=
    [ "$name" = metered ] && meter=--meter
    check "$name is translated" "$KRAIT" compile $meter -O 1 "$T/$name.wasm" -o "$T/$name.krt"
done
KRAIT_TEST_FOLDER=$T
export KRAIT_TEST_FOLDER
"$1"
same "the program" $? 0
finish
