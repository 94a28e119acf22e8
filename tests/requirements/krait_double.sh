#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Stands for krait where only the front ends are tested: writes down what it was asked for, and
# leaves a tree with the names that krait build-python gives its files.
#   DOUBLE_LOG      receives the arguments, one on a line, and the variables that count
#   DOUBLE_SLEEP    waits, to be interrupted; says so in DOUBLE_LOG
#   DOUBLE_STATUS   fails with this status
printf '<%s>\n' "$@" >>"$DOUBLE_LOG"
for v in INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX WASI_SDK_PATH NO_OPT DEBUG PYTHON_VER; do
    eval "x=\${$v-}"
    [ -z "$x" ] || printf '%s=%s\n' "$v" "$x" >>"$DOUBLE_LOG"
done
if [ -n "${DOUBLE_SLEEP:-}" ]; then
    trap 'echo stopped >>"$DOUBLE_LOG"; exit 143' TERM
    echo waiting >>"$DOUBLE_LOG"
    sleep 60 >/dev/null 2>&1 &
    wait $!
fi
[ -z "${DOUBLE_STATUS:-}" ] || exit "$DOUBLE_STATUS"
prefix=${INSTALL_PREFIX:-/usr/local}
stdlib=zip
[ "${INCLUDE_STDLIB:-}" != 1 ] || stdlib=packed
[ "${INCLUDE_STDLIB:-}" != 0 ] || stdlib=tree
out=$PWD/build-output/python/v3.13.15
while [ $# -gt 0 ]; do
    case $1 in
    --out) out=$2 ;;
    --prefix) prefix=$2 ;;
    --stdlib) stdlib=$2 ;;
    reset | clean) exit 0 ;;
    esac
    shift
done
mkdir -p "$out/bin" "$out/include/python3.13" "$out/include/lzma" "$out/lib/wasm32-wasi" || exit 1
echo program >"$out/bin/python.wasm"
echo header >"$out/include/python3.13/Python.h"
lib=$out$prefix/lib
case $stdlib in
zip | tree)
    mkdir -p "$lib/python3.13/lib-dynload"
    echo os >"$lib/python3.13/os.py"
    ;;
esac
[ $stdlib != zip ] || echo zip >"$lib/python313.zip"
printf '{\n  "version": "3.13.15"\n}\n' >"$out/MANIFEST.json"
printf '%s\n' "$out"
