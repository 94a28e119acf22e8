#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# build_wasi.sh: stages a python.wasm with its library, from one of three origins. The notes that
# it comes from only printed what to do; this one does it, and runs what it stages.
# docs/requirements.md has its commands.
compat=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")") || exit 1
usage_text='usage: build_wasi.sh --mode MODE [--out DIR] [OPTION...]

Stages DIR/python.wasm (default: out/wasi), its library, and a README.txt. MODE is
  cpython-tools   CPython, built here; the library as files in DIR/usr/local/lib/python3.X
      --cpython-src DIR    from this source tree instead of the pinned one
      --wasi-sdk DIR       with this wasi-sdk instead of the clang of this machine
      --clean              build anew what the cache has;  --verbose  show what compilers print
  python-wasi     one file with the library inside, also as DIR/wasi-python3.X.wasm
      --python-wasi-src DIR   from the source tree in DIR/cpython, when there is one
  wasmlabs        one that was built elsewhere
      --wasmlabs-wasm FILE|DIR   the program, alone or beside its usr/local/lib
      --sha256 SUM               what it has to have'
. "$compat/common.sh"

mode= out=out/wasi cpython_src= wasi_sdk= python_wasi_src= wasmlabs_wasm= sha256= clean= verbose=
while [ $# -gt 0 ]; do
    help_asked "$1"
    option=${1%%=*}
    case $1 in
    --clean | --verbose) value=yes ;;
    --*=*) value=${1#*=} ;;
    *)
        [ $# -ge 2 ] || wrong "'$1' is no option, or lacks its value"
        value=$2
        shift
        ;;
    esac
    [ -n "$value" ] || wrong "$option lacks its value"
    case $option in
    --mode) mode=$value ;;
    --out) out=$value ;;
    --cpython-src) cpython_src=$value ;;
    --wasi-sdk) wasi_sdk=$value ;;
    --python-wasi-src) python_wasi_src=$value ;;
    --wasmlabs-wasm) wasmlabs_wasm=$value ;;
    --sha256) sha256=$value ;;
    --clean) clean=$value ;;
    --verbose) verbose=$value ;;
    *) wrong "unknown option '$option'" ;;
    esac
    shift
done
# only MODE OPTION VALUE: the option belongs to that mode.
only() { [ -z "$3" ] || [ "$mode" = "$1" ] || wrong "$2 goes with --mode $1"; }
only cpython-tools --cpython-src "$cpython_src"
only cpython-tools --wasi-sdk "$wasi_sdk"
only cpython-tools --clean "$clean"
only cpython-tools --verbose "$verbose"
only python-wasi --python-wasi-src "$python_wasi_src"
only wasmlabs --wasmlabs-wasm "$wasmlabs_wasm"
only wasmlabs --sha256 "$sha256"
case $out in /*) ;; *) out=$PWD/$out ;; esac

# stage: copies the tree that was built; usr and opt hold the library, wherever its prefix is.
stage() {
    for part in usr opt; do
        [ ! -d "$tree/$part" ] || put_folder "$tree/$part" "$out/$part"
    done
    put "$tree/bin/python.wasm" "$out/python.wasm"
}

from_cpython() {
    if [ -n "$wasi_sdk" ]; then
        [ -d "$wasi_sdk" ] || die "'$wasi_sdk' is not a folder (--wasi-sdk)"
        WASI_SDK_PATH=$wasi_sdk
        export WASI_SDK_PATH
    fi
    build_python ${clean:+--clean} ${verbose:+--verbose} ${cpython_src:+--source "$cpython_src"} --stdlib tree --prefix /usr/local --out "$out/build"
    stage
}

from_python_wasi() {
    if [ -n "$python_wasi_src" ]; then
        [ -d "$python_wasi_src" ] || die "'$python_wasi_src' is not a folder (--python-wasi-src)"
        [ ! -d "$python_wasi_src/cpython" ] || cpython_src=$python_wasi_src/cpython
    fi
    build_python ${cpython_src:+--source "$cpython_src"} --stdlib packed --prefix /opt/wasi-python --out "$out/build"
    stage
    put "$tree/bin/python.wasm" "$out/wasi-python$x.wasm"
}

# The library lies beside the program, or one folder above it, beside its bin.
from_elsewhere() {
    [ -n "$wasmlabs_wasm" ] || wrong "--mode wasmlabs wants --wasmlabs-wasm FILE|DIR"
    [ -e "$wasmlabs_wasm" ] || die "'$wasmlabs_wasm' does not exist (--wasmlabs-wasm)"
    from=$wasmlabs_wasm
    if [ -f "$from" ]; then
        for folder in "$(dirname -- "$from")" "$(dirname -- "$from")/.."; do
            [ ! -d "$folder/usr/local/lib" ] || { from=$folder && break; }
        done
    fi
    build_python --from "$from" ${sha256:+--sha256 "$sha256"} --out "$out/build"
    stage
}

readme() {
    library='The library is inside of python.wasm: nothing has to be mapped.'
    map=
    if [ -d "$out/usr/local/lib" ]; then
        library='The library is in usr/local/lib: map usr to /usr.'
        map=' --dir usr::/usr'
    fi
    cat <<END
python.wasm: Python${version:+ $version} for WASI preview 1, staged by $name --mode $mode.

$library

    krait run$map python.wasm -c 'print(6 * 7)'
    wasmtime run$map python.wasm -c 'print(6 * 7)'

sha256 $(sha256sum <"$out/python.wasm" | cut -c1-64)
MANIFEST.json in build/ says what it was made from.
END
}

mkdir -p -- "$out" 2>/dev/null || die "cannot create '$out'"
case $mode in
cpython-tools) from_cpython ;;
python-wasi) from_python_wasi ;;
wasmlabs) from_elsewhere ;;
'') wrong "--mode is missing" ;;
*) wrong "there is no mode '$mode'" ;;
esac
readme >"$out/README.txt" || die "cannot write '$out/README.txt'"
printf '%s\n' "$out/python.wasm"
