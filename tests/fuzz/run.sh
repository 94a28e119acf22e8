#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A short run of each fuzz target from its corpus: a fixed number of runs and a fixed seed.
# Takes the programs of a KRAIT_FUZZ build, else builds them with KRAIT_FUZZ_CC or the newest
# clang that has libFuzzer. Older ones find more: adding 0 to a null pointer, for one.
set -eu

sources=$KRAIT_SOURCE_DIR
build=$KRAIT_BINARY_DIR
folder=$(mktemp -d "${TMPDIR:-/tmp}/krait-fuzz.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

find_clang()
{
    echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d == 0 && n; }' \
        > "$folder/probe.c"
    for name in ${KRAIT_FUZZ_CC:-clang-23 clang-22 clang-21 clang-20 clang-19 clang}; do
        command -v "$name" > /dev/null || continue
        if "$name" -w -fsanitize=fuzzer,address,undefined "$folder/probe.c" -o "$folder/probe" \
            > "$folder/probe.log" 2>&1; then
            echo "$name"
            return
        fi
    done
}

# The translator as one archive for all targets; the description of the build is not needed.
build_targets()
{
    flags="-std=c11 -D_GNU_SOURCE=1 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
        -I$sources -I$sources/include -I$sources/host"
    objects=
    for source in "$sources"/aot/*.c "$sources"/host/base/*.c "$build/aot/aot_text.c"; do
        object=$folder/$(echo "${source#"$sources"/}" | tr / _).o
        # shellcheck disable=SC2086 # flags are words
        "$1" $flags -fsanitize=fuzzer-no-link -c "$source" -o "$object"
        objects="$objects $object"
    done
    for target in module emit elf; do
        # shellcheck disable=SC2086
        "$1" $flags -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_$target.c" $objects \
            -o "$folder/fuzz_$target"
    done
    build_pack "$1"
    build_packed "$1"
    build_process "$1"
    build_wasi "$1"
}

# Packed files as the guest reads them, where zlib can be linked.
build_pack()
{
    pack=
    for part in image contents tree memory change walk lzma; do
        pack="$pack $sources/guest/pack/$part.c"
    done
    # shellcheck disable=SC2086
    "$1" $flags -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_pack.c" $pack -lz -o "$folder/fuzz_pack" \
        2> "$folder/pack.log" || echo "fuzz_pack is left out: $(head -n 1 "$folder/pack.log")"
}

# Packed files as the host reads them.
build_packed()
{
    # shellcheck disable=SC2086
    "$1" $flags -DKRAIT_VERSION_TEXT='"0"' -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_packed.c" \
        "$sources"/pack/*.c $objects -lz -llzma -ldl -o "$folder/fuzz_packed" 2> "$folder/packed.log" ||
        echo "fuzz_packed is left out: $(head -n 1 "$folder/packed.log")"
}

# What modules say of documents: the part that needs no library.
build_process()
{
    parts=
    for part in base64 batch buffer call call_content call_files call_rows describe document json json_number \
        rows table tables utf8 uuid; do
        parts="$parts $sources/process/$part.c"
    done
    # shellcheck disable=SC2086
    "$1" $flags -I"$sources/process" -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_process.c" $parts $objects \
        -lpthread -ldl -o "$folder/fuzz_process"
}

# The layers that are between a guest's calls and the host's files.
build_wasi()
{
    objects=
    for source in "$sources"/host/base/*.c "$sources"/host/engine/*.c "$sources"/host/vfs/*.c \
        "$sources"/host/wasi/*.c "$sources/host/engine/switch_$(uname -m).S"; do
        object=$folder/$(echo "${source#"$sources"/}" | tr / _).o
        # shellcheck disable=SC2086
        [ -f "$object" ] || "$1" $flags -fsanitize=fuzzer-no-link -c "$source" -o "$object"
        objects="$objects $object"
    done
    # shellcheck disable=SC2086
    "$1" $flags -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_wasi.c" \
        "$sources/tests/fuzz/fuzz_wasi_host.c" $objects -ldl -lpthread -lm -o "$folder/fuzz_wasi"
    # shellcheck disable=SC2086
    "$1" $flags -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_files.c" $objects \
        -ldl -lpthread -lm -o "$folder/fuzz_files"
    build_pool "$1"
}

# The same, and what is above them.
build_pool()
{
    for source in "$sources"/host/snapshot/*.c "$sources"/host/api/*.c "$sources"/host/pool/*.c; do
        object=$folder/$(echo "${source#"$sources"/}" | tr / _).o
        # shellcheck disable=SC2086
        [ -f "$object" ] || "$1" $flags -fsanitize=fuzzer-no-link -c "$source" -o "$object"
        objects="$objects $object"
    done
    # shellcheck disable=SC2086
    "$1" $flags -fsanitize=fuzzer "$sources/tests/fuzz/fuzz_pool.c" $objects \
        -ldl -lpthread -lm -o "$folder/fuzz_pool"
}

run_target()
{
    echo "fuzz_$1, corpus $2, $3 runs"
    mkdir "$folder/new-$1"
    if ! "$programs/fuzz_$1" -runs="$3" -seed=1 -max_len=4096 -rss_limit_mb=2048 \
        -artifact_prefix="$folder/" "$folder/new-$1" "$sources/tests/fuzz/corpus/$2" \
        > "$folder/log" 2>&1; then
        tail -n 60 "$folder/log"
        for file in "$folder"/crash-* "$folder"/leak-* "$folder"/oom-* "$folder"/timeout-*; do
            [ -f "$file" ] || continue
            echo "the input, in base64:"
            base64 "$file"
        done
        exit 1
    fi
    tail -n 1 "$folder/log"
}

programs=$build/bin
if [ ! -x "$programs/fuzz_module" ]; then
    clang=$(find_clang)
    if [ -z "$clang" ]; then
        echo "skipped: no clang here can link libFuzzer (Debian package libclang-rt-N-dev)"
        exit 77
    fi
    build_targets "$clang"
    programs=$folder
fi
run_target module module 40000
run_target emit module 20000
run_target elf elf 20000
run_target wasi wasi 10000
run_target files files 20000
run_target pool pool 20000
if [ -x "$programs/fuzz_process" ]; then
    run_target process process 20000
fi
if [ -x "$programs/fuzz_packed" ]; then
    run_target packed packed 20000
fi
if [ -x "$programs/fuzz_pack" ]; then
    run_target pack pack 20000
fi
