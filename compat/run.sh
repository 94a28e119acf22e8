#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh as python-wasi had it: wasi-pythonX.Y.wasm with the library inside, or beside it below
# /opt/wasi-python, made by krait build-python. docs/requirements.md has its commands.
compat=$(dirname -- "$(readlink -f -- "$0")") || exit 1
usage_text='usage: run.sh

Builds wasi-pythonX.Y.wasm in the current folder, and runs it once.

Environment:
  INCLUDE_STDLIB=0   the standard library stays outside: it is copied to INSTALL_PREFIX
  COMPILE_STDLIB=0   as sources, not as byte code: smaller; run it with -B
  PYTHON_VER         the version, such as 3.13 or v3.11.2
  PYTHON_DIR         a source tree of CPython to build from; by default ./cpython when there is one
  INSTALL_PREFIX     where Python looks for its library: by default /opt/wasi-python
  DESTDIR            below which folder of this machine it is copied: by default /, or the current
                     folder when that cannot be written
  WASI_SDK_PATH      a wasi-sdk to build with;  BUILD_PYTHON_DIR  receives the Python that helped'
. "$compat/common.sh"

[ $# -eq 0 ] || help_asked "$1"
[ $# -eq 0 ] || wrong "it takes no arguments"
INCLUDE_STDLIB=${INCLUDE_STDLIB:-1}
COMPILE_STDLIB=${COMPILE_STDLIB:-1}
INSTALL_PREFIX=${INSTALL_PREFIX:-/opt/wasi-python}
export INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX

# A source tree is built as it is; nobody checks another version out in it.
source=${PYTHON_DIR:-cpython}
if [ -f "$source/Include/patchlevel.h" ]; then
    there=$(awk '$1 == "#define" && $2 ~ /^PY_(MAJOR|MINOR|MICRO)_VERSION$/ { v = v (v == "" ? "" : ".") $3 }
        END { print v }' "$source/Include/patchlevel.h")
    case $there. in
    "${PYTHON_VER:+${PYTHON_VER#v}.}"*) ;;
    *) die "'$source' holds Python $there: check '$PYTHON_VER' out there, or unset PYTHON_VER" ;;
    esac
elif [ -n "${PYTHON_DIR:-}" ]; then
    die "'$source' is no source tree of CPython (PYTHON_DIR)"
else
    source=
fi

# library_place: sets root, below which the library is put: where it can be.
library_place() {
    root=${DESTDIR:-}
    [ -z "$root" ] || return 0
    above=$INSTALL_PREFIX/lib
    while [ ! -d "$above" ]; do above=$(dirname -- "$above"); done
    [ -w "$above" ] || root=$PWD
}

# Outside there is room for CPython's own tests.
case $INCLUDE_STDLIB in
0 | [nN] | [nN]o | NO | [fF]alse | FALSE | off | OFF) tests=--tests ;;
*) tests= ;;
esac
build_python ${source:+--source "$source"} $tests --out "$PWD/build-output/wasi-python"
library=$INSTALL_PREFIX/lib/python$x
if [ -d "$tree$library" ]; then
    library_place
    put_folder "$tree$library" "$root$library"
    say "run it with --mapdir=$library::$root$library"
fi
put "$tree/bin/python.wasm" "wasi-python$x.wasm"
printf 'Python %s\nwasi-python%s.wasm\n' "$version" "$x"
