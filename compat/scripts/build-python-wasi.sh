#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build-python-wasi.sh as WADUP had it: CPython to be linked into modules, with its libraries one by
# one beside the archive that holds them all. docs/requirements.md has its commands.
compat=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")") || exit 1
usage_text='usage: build-python-wasi.sh

Builds CPython for WebAssembly into build/python-wasi in the current folder:
  lib/libpython3.X.a     CPython and every library that it uses
  lib/lib{mpdec,expat,sqlite3,z,bz2,lzma}.a, lib/libHacl_*.a
  include/               Python.h, pyconfig.h and the headers of the libraries
  python/                the whole tree: python.wasm, pkg-config files with the flags of the stack

Environment: PYTHON_VER, WASI_SDK_PATH, CC, AR, and the others of krait build-python.'
. "$compat/common.sh"

# The archives of hash functions are parts of CPython: they are taken out of the whole again.
hash_archives() {
    (
        . "$compat/../recipes/tools.sh"
        tools_find "$scratch" || exit 1
        whole=$(readlink -f -- "$1")
        out=$(readlink -f -- "$2")
        cd "$scratch" || exit 1
        "$AR" t "$whole" | grep '^Hacl_.*\.o$' | sort -u | while IFS= read -r member; do
            "$AR" x "$whole" "$member" && rm -f "lib${member%.o}.a" && "$AR" qcsD "lib${member%.o}.a" "$member" &&
                mv -f "lib${member%.o}.a" "$out/" || exit 1
        done
    ) || die "cannot take the hash functions out of '$1'"
}

[ $# -eq 0 ] || help_asked "$1"
[ $# -eq 0 ] || wrong "it takes no arguments"
out=$PWD/build/python-wasi
build_python --stdlib zip --prefix /usr/local --out "$out/python"
put_folder "$tree/include" "$out/include"
for headers in "$tree/include/python$x"*; do
    put_folder "$headers" "$out/include"
done
for archive in "$tree"/lib/wasm32-wasi/*.a; do
    put "$archive" "$out/lib/${archive##*/}"
done
hash_archives "$(ls "$tree/lib/wasm32-wasi/libpython$x"*.a | head -n 1)" "$out/lib"
printf '%s\n' "$out"
