# SPDX-License-Identifier: Apache-2.0
# embed.sh CMAKE: the programs of examples/embed-* are built with nothing but what is installed, from
# a folder of their own, and print what stands beside them.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v pkg-config >/dev/null || skip "no pkg-config"
check "it installs" "$1" --install "$KRAIT_BINARY_DIR" --prefix "$T/installed"
pc=$(find "$T/installed" -name krait.pc)
PKG_CONFIG_PATH=$(dirname "$pc") && export PKG_CONFIG_PATH
LD_LIBRARY_PATH=$(dirname "$(find "$T/installed" -name libkrait.so)") && export LD_LIBRARY_PATH
# as_expected EXAMPLE PROGRAM...: its output and status. Again when more has gone over a limit of time than should have: the
# machine may stand still for longer than that.
as_expected() {
    name=$1
    expected=$KRAIT_SOURCE_DIR/examples/embed-$1/expected
    shift
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        "$@" >out 2>err
        rc=$?
        [ "$(grep -c "wall time" out)" -gt "$(grep -c "wall time" "$expected")" ] || break
    done
    same "$name, attempt $attempt: exit status" $rc 0
    check "$name: output" diff "$expected" out
    check_not "$name: nothing on stderr" grep . err
}
for example in hello limits host-functions many-threads pool; do
    mkdir "$T/$example"
    cp "$KRAIT_SOURCE_DIR/examples/embed-$example"/*.c "$T/$example/"
    cd "$T/$example" || exit 1
    # shellcheck disable=SC2046 # options
    check "$example is built" "$KRAIT_TEST_CC" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic \
        -Werror ./*.c $(pkg-config --cflags --libs krait) -pthread -o program
    as_expected $example ./program
    if ldd ./program >linked 2>&1; then
        has "$example uses the installed library" "$(cat linked)" "$T/installed/"
    fi
done
# A plug-in, and the program that calls it.
clang=
for name in clang-22 clang-21 clang-20 clang-19 clang; do
    [ -z "$clang" ] && command -v "$name" >/dev/null && clang=$name
done
if [ -n "$clang" ]; then
    example=$KRAIT_SOURCE_DIR/examples/embed-reactor
    mkdir "$T/reactor"
    cd "$T/reactor" || exit 1
    check "plugin.c is built" "$clang" --target=wasm32 -nostdlib -O2 -Wall -Wextra -Werror -Wl,--no-entry \
        "$example/plugin.c" -o plugin.wasm
    check "plugin.wasm is translated" "$KRAIT" compile plugin.wasm -o plugin.krt
    # shellcheck disable=SC2046 # options
    check "reactor is built" "$KRAIT_TEST_CC" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror \
        "$example/reactor.c" $(pkg-config --cflags --libs krait) -o reactor
    as_expected reactor ./reactor plugin.krt
fi
lines=$(grep -cv '^/\*\|^$' "$KRAIT_SOURCE_DIR/examples/embed-hello/hello.c")
check "hello has $lines lines, at most 20" test "$lines" -le 20
finish
