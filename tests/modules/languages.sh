# SPDX-License-Identifier: Apache-2.0
# Real programs: the same in C, Rust and Go, built here by those languages' own compilers,
# translated and run. CMakeLists.txt says which of them are there.
#   languages.sh c|rust|go
language=$1
# Before the cache of the tests takes the place of the user's, where the sysroot is.
if [ "$language" = c ]; then
    sysroot=$("$KRAIT_SOURCE_DIR/recipes/build" --where wasi-libc 2>/dev/null)
    [ -n "$sysroot" ] || sysroot=/usr
fi
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"
programs=$KRAIT_SOURCE_DIR/tests/modules/programs

build_c() {
    say() { echo "$@"; }
    . "$KRAIT_SOURCE_DIR/recipes/tools.sh"
    mkdir found
    tools_find "$T/found" >found.log 2>&1 || skip "no compiler for WebAssembly: $(cat found.log)"
    echo 'int main(void) { return 0; }' >try.c
    $CC --target=$TARGET --sysroot="$sysroot" try.c -o try.wasm >try.log 2>&1 ||
        skip "no C library for WASI: neither the recipes' nor Debian's wasi-libc"
    check "clang builds it" $CC --target=$TARGET --sysroot="$sysroot" -O2 "$programs/tool.c" -o tool.wasm
}
build_rust() {
    check "rustc builds it" "$KRAIT_TEST_RUSTC" --edition 2021 --target wasm32-wasip1 -O \
        "$programs/tool.rs" -o tool.wasm
}
build_go() {
    cp "$programs/tool.go" .
    check "go builds it" env GOCACHE="$T/gocache" GOOS=wasip1 GOARCH=wasm GOFLAGS=-mod=mod \
        GOTOOLCHAIN=local "$KRAIT_TEST_GO" build -ldflags=-s -o tool.wasm tool.go
}
build_"$language"
[ -f tool.wasm ] || finish

# Go's runtime is large: without optimisation it is ready in a third of the time.
module=tool.wasm
if [ "$language" = go ]; then
    check "it is translated" "$KRAIT" compile tool.wasm -o tool.krt -O 0
    module=tool.krt
fi
run inspect tool.wasm
has "it is a command of WASI" "$out" "_start: func ()"
mkdir data
echo text >data/a.txt
cat >expected <<END
argument $module
argument one
argument two words
NAME value
line a
line b
line c
sum 332833500
file a.txt
file squares.txt
memory 2088960
float 6.187896279
clock runs
random differs
missing file
END
printf 'c\na\nb' | "$KRAIT" run --dir data::/data -e NAME=value "$module" one 'two words' >out 2>err
same "the exit status" "$?" 3
check "what it prints" diff expected out
same "stderr" "$(cat err)" "to stderr"
same "the file that it made" "$(wc -l <data/squares.txt)" 1000
"$KRAIT" run --dir data::/data:ro -e NAME=value "$module" >out 2>err </dev/null
check_not "a read-only folder stops it" test $? -eq 3
if [ "$language" != c ]; then
    "$KRAIT" run --dir data::/data -e NAME=value "$module" panic >out 2>err </dev/null
    status=$?
    has "a panic is told" "$(cat err)" "out of"
    has "its status" "134 2" "$status"
fi
finish
