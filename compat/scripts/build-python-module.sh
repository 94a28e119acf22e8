#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build-python-module.sh as WADUP had it: a module of a Python script, with process(), for documents.
# Nothing is compiled: krait module packs the script into the module runtime, which a checkout makes once, and
# again when its sources in guest/module and guest/wadup have changed.
compat=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")") || exit 1
usage_text='usage: build-python-module.sh MODULE-NAME SCRIPT [OUTPUT-FOLDER]

Makes MODULE_NAME.wasm, with "_" for each "-" of the name, in the output folder; by default that is
target beside the folder of the script. Prints its path.

Environment:
  WADUP_ROOT     a checkout of krait, whose krait is used; default: the one that this script is in
  PYTHON_DIR     a module runtime (a folder with bin/python.wasm, or such a file)
  WASI_SDK_PATH  what a checkout makes the module runtime with, when it has to
  KRAIT          the krait program'
. "$compat/common.sh"

# The one that a script would be linked with in other systems is no runtime.
take_python_dir() {
    [ -n "${PYTHON_DIR:-}" ] || return 0
    if [ -d "$PYTHON_DIR" ] && [ ! -f "$PYTHON_DIR/bin/python.wasm" ]; then
        die "PYTHON_DIR is '$PYTHON_DIR', which is no module runtime (it has no bin/python.wasm):" \
            "modules are not linked with a CPython one by one; unset it, or see krait-module(1), KRAIT_MODULE_RUNTIME"
    fi
    KRAIT_MODULE_RUNTIME=$PYTHON_DIR
    export KRAIT_MODULE_RUNTIME
}

case ${1:-} in -?*) help_asked "$1" ;; esac
if [ $# -lt 2 ] || [ $# -gt 3 ]; then wrong "it takes a name, a script, and perhaps a folder"; fi
case $1 in
'' | */* | .* | -*) wrong "'$1' is no name of a module" ;;
esac
[ -f "$2" ] || die "there is no script '$2'"
take_wadup_root
take_python_dir
make_module "${3:-$(dirname -- "$2")/../target}/$(printf '%s' "$1" | tr - _).wasm" --name "$1" -- "$2"
