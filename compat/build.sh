#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build.sh as timecraft's python folder had it: python.wasm and the zip of its library below
# ./cpython, made by krait build-python. docs/requirements.md has its commands.
compat=$(dirname -- "$(readlink -f -- "$0")") || exit 1
usage_text='usage: build.sh

Builds CPython for WebAssembly in the current folder:
  cpython/python.wasm                    the program
  cpython/usr/local/lib/python3XX.zip    its standard library
  build/python/                          headers, libraries, manifest

Environment: CC, AR, NM, RL (or RANLIB); NO_OPT with any value leaves wasm-opt out; DEBUG with
any value adds --with-pydebug; PYTHON_VER another version. krait build-python has more.'
. "$compat/common.sh"

[ $# -eq 0 ] || help_asked "$1"
[ $# -eq 0 ] || wrong "it takes no arguments"
build_python --stdlib zip --prefix /usr/local --out "$PWD/build/python"
lib=usr/local/lib
zip=python$(printf %s "$x" | tr -d .).zip
put "$tree/$lib/$zip" "cpython/$lib/$zip"
put "$tree/$lib/python$x/os.py" "cpython/$lib/python$x/os.py"
mkdir -p "cpython/$lib/python$x/lib-dynload" || die "cannot write 'cpython/$lib/python$x'"
put "$tree/bin/python.wasm" cpython/python.wasm
printf '%s\n' cpython/python.wasm "cpython/$lib/$zip"
