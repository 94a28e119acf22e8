# SPDX-License-Identifier: Apache-2.0
# consumer.sh CMAKE: an installation is complete, can be moved, and a program is built with
# what `pkg-config krait` says, against the shared and against the static library.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v pkg-config >/dev/null || skip "no pkg-config"
check "it installs" "$1" --install "$KRAIT_BINARY_DIR" --prefix "$T/first"
mv "$T/first" "$T/moved here"
prefix="$T/moved here"
pc=$(find "$prefix" -name krait.pc)
PKG_CONFIG_PATH=$(dirname "$pc") && export PKG_CONFIG_PATH
libdir=$(dirname "$(find "$prefix" -name libkrait.so)")

cat >"$T/use.c" <<'EOF'
#include <krait/krait.h>
#include <stdio.h>
int main(void)
{
    krait_engine *engine;
    krait_module *module;
    krait_error error;
    if (krait_engine_new(&engine, &error) != KRAIT_OK)
        return 1;
    krait_status status = krait_module_open(engine, "/nonexistent.krt", &module, &error);
    printf("%s\n%s\n%s\n", krait_version(), krait_status_name(status), error.text);
    krait_engine_free(engine);
    return status == KRAIT_OK;
}
EOF
flags=$(pkg-config --cflags --libs krait)
check "a consumer links" eval "\"$KRAIT_TEST_CC\" -std=c11 -Wall -Werror \"$T/use.c\" $flags -o \"$T/use\""
out=$(LD_LIBRARY_PATH=$libdir "$T/use")
same "and runs" $? 0
has "with the version" "$out" "$(pkg-config --modversion krait)"
has "and an error text" "$out" "/nonexistent.krt"
flags="$(pkg-config --cflags krait) $(pkg-config --libs --static krait | sed 's/-lkrait/-l:libkrait.a/')"
check "a consumer links statically" eval "\"$KRAIT_TEST_CC\" -std=c11 \"$T/use.c\" $flags -o \"$T/use2\""
same "and runs the same" "$("$T/use2")" "$out"

check "the program is there" test -x "$prefix/bin/krait"
check "the program of pools is there" test -x "$prefix/libexec/krait/krait-worker"
out=$("$prefix/libexec/krait/krait-worker" 2>&1 3<&-)
same "which is not for users" $? 125
has "and says so" "$out" "not by hand"
(cd "$KRAIT_SOURCE_DIR/include" && ls krait/*.h) >"$T/headers"
check "all headers are there" sh -c 'cd "$1/include" && xargs ls <"$2"' sh "$prefix" "$T/headers"
for file in share/man/man1/krait.1 share/man/man3/libkrait.3; do
    check "$file is there" test -f "$prefix/$file"
done
out=$("$prefix/bin/krait" build-python --help 2>&1)
has "the moved program finds its recipes" "$out" "3.11, 3.13, 3.14"
for file in recipes/libpython/3.14/facts guest/main/main.c include/krait/guest.h tests/guest/imports.txt; do
    check "what they read: $file" test -f "$prefix/share/krait/$file"
done
if [ -f "$KRAIT_RUNTIME_TREE/python.krt" ]; then
    out=$("$prefix/bin/krait" run -c 'import json, sqlite3; print(json.dumps([1]))' 2>&1)
    same "the moved program finds its runtime" "$out" "[1]"
    check_not "Python's tests are not installed" \
        test -e "$prefix/lib/krait/python3.13/usr/local/lib/python3.13/test"
fi
finish
