#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# wl-make.sh as WebAssembly Language Runtimes had it, for Python: build-output/python/vX.Y.Z with
# bin, include, lib and usr, made by krait build-python. docs/requirements.md has its commands.
compat=$(dirname -- "$(readlink -f -- "$0")") || exit 1
usage_text='usage: wl-make.sh python/vX.Y[.Z] [OPTION OF krait build-python...]

Builds this version of CPython for WebAssembly into build-output/python/vX.Y.Z in the current
folder: bin/python.wasm, include, lib, usr/local/lib/python3XX.zip.

Environment: WASI_SDK_ROOT (or WASI_SDK_PATH) names a wasi-sdk; without it the clang of this machine
is used. WLR_BUILD_FLAVOR=aio puts the library into the program.'
. "$compat/common.sh"

[ $# -gt 0 ] || wrong "it wants to know what to build"
help_asked "$1"
case $1 in
python/v[0-9]*) wanted=${1#python/v} ;;
*) wrong "'$1' is not python/vX.Y.Z: only Python is built here" ;;
esac
case $wanted in *[!0-9.]*) wrong "'$wanted' is no version of Python" ;; esac
shift
case ${WLR_BUILD_FLAVOR:-} in
'') stdlib=zip ;;
aio) stdlib=packed ;;
*) wrong "WLR_BUILD_FLAVOR is empty or aio, not '$WLR_BUILD_FLAVOR'" ;;
esac
build_python --python "$wanted" --stdlib $stdlib --prefix /usr/local "$@"
printf '%s\n' "$tree"
