# SPDX-License-Identifier: Apache-2.0
# The scripts of compat/ as programs: their arguments, where they write, what they ask krait
# build-python for. A double stands for krait; the other tests of this folder build for real.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
compat=$KRAIT_SOURCE_DIR/compat
KRAIT=$KRAIT_SOURCE_DIR/tests/requirements/krait_double.sh
DOUBLE_LOG=$T/log
export KRAIT DOUBLE_LOG
unset CC AR NM RANLIB RL NO_OPT DEBUG PYTHON_VER PYTHON_DIR INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX \
    DESTDIR WASI_SDK_PATH WASI_SDK_ROOT BUILD_PYTHON_DIR WLR_BUILD_FLAVOR
T=$(cd "$T" && pwd -P)
TMPDIR=$T/tmp
export TMPDIR
mkdir "$TMPDIR"

# run WORD...: a front end in a fresh folder; $out, $rc, $err, $asked (what krait was asked for).
n=0
run() {
    n=$((n + 1))
    here="$T/a folder $n"
    mkdir "$here"
    : >"$DOUBLE_LOG"
    out=$(cd "$here" && "$@" 2>"$T/err" </dev/null)
    rc=$?
    err=$(cat "$T/err")
    asked=$(tr '\n' ' ' <"$DOUBLE_LOG")
}

# --- what they ask for, and where the results are ------------------------------------------

run "$compat/build.sh"
same "build.sh" "$rc: $out" "0: cpython/python.wasm
cpython/usr/local/lib/python313.zip"
same "build.sh asks" "$asked" "<build-python> <--stdlib> <zip> <--prefix> </usr/local> <--out> <$here/build/python> "
same "build.sh writes" "$(cd "$here/cpython" && find . | sort | tr '\n' ' ')" \
    ". ./python.wasm ./usr ./usr/local ./usr/local/lib ./usr/local/lib/python3.13 ./usr/local/lib/python3.13/lib-dynload ./usr/local/lib/python3.13/os.py ./usr/local/lib/python313.zip "
run env NO_OPT=true DEBUG=true PYTHON_VER=3.14 "$compat/build.sh"
has "build.sh hands variables on" "$asked" "NO_OPT=true DEBUG=true PYTHON_VER=3.14"

mkdir "$here/cpython/mine" && (cd "$here" && "$compat/build.sh") >/dev/null 2>&1
check "build.sh leaves other files where they are" test -d "$here/cpython/mine"
check "make clean" make -s -C "$here" -f "$compat/Makefile" clean
same "make clean removes what build.sh wrote" "$(cd "$here" && find . -mindepth 1 | sort | tr '\n' ' ')" "./cpython ./cpython/mine "
: >"$DOUBLE_LOG"
# 001-dist-clean
check "make dist-clean" make -s -C "$here" -f "$compat/Makefile" dist-clean
same "make dist-clean empties the cache" "$(tr '\n' ' ' <"$DOUBLE_LOG")" "<build-python> <clean> "

run "$compat/wl-make.sh" python/v3.13.15
same "wl-make.sh" "$rc: $out" "0: $here/build-output/python/v3.13.15"
same "wl-make.sh asks" "$asked" "<build-python> <--python> <3.13.15> <--stdlib> <zip> <--prefix> </usr/local> "
run "$compat/wl-make.sh" python/v3.11 --sha256 '0 1'
same "wl-make.sh hands options on" "$asked" "<build-python> <--python> <3.11> <--stdlib> <zip> <--prefix> </usr/local> <--sha256> <0 1> "
run env WLR_BUILD_FLAVOR=aio "$compat/wl-make.sh" python/v3.13
has "wl-make.sh, everything in one file" "$asked" "<--stdlib> <packed>"

run "$compat/run.sh"
same "run.sh" "$rc: $out" "0: Python 3.13.15
wasi-python3.13.wasm"
same "run.sh asks" "$asked" "<build-python> <--out> <$here/build-output/wasi-python> INCLUDE_STDLIB=1 COMPILE_STDLIB=1 INSTALL_PREFIX=/opt/wasi-python "
same "run.sh writes" "$(cat "$here/wasi-python3.13.wasm")" program
run env COMPILE_STDLIB=0 PYTHON_VER=v3.11.2 "$compat/run.sh"
has "run.sh without compiling" "$asked" "INCLUDE_STDLIB=1 COMPILE_STDLIB=0 INSTALL_PREFIX=/opt/wasi-python PYTHON_VER=v3.11.2"
run env INCLUDE_STDLIB=0 DESTDIR="$T/root" "$compat/run.sh"
same "run.sh, the library outside" "$(cat "$T/root/opt/wasi-python/lib/python3.13/os.py")" os
has "run.sh says how to map it" "$err" "--mapdir=/opt/wasi-python/lib/python3.13::$T/root/opt/wasi-python/lib/python3.13"
has "run.sh asks for the tests, too" "$asked" "<--tests>"
run env INCLUDE_STDLIB=0 INSTALL_PREFIX="$T/elsewhere" "$compat/run.sh"
check "run.sh, another prefix" test -f "$T/elsewhere/lib/python3.13/os.py"
n=$((n + 1))
here="$T/with sources"
mkdir -p "$here/cpython/Include"
printf '#define PY_MAJOR_VERSION 3\n#define PY_MINOR_VERSION 13\n#define PY_MICRO_VERSION 7\n' >"$here/cpython/Include/patchlevel.h"
: >"$DOUBLE_LOG"
(cd "$here" && "$compat/run.sh") >/dev/null 2>&1
has "run.sh builds a clone that is there" "$(tr '\n' ' ' <"$DOUBLE_LOG")" "<build-python> <--source> <cpython> <--out>"
: >"$DOUBLE_LOG"
(cd "$T" && PYTHON_DIR="with sources/cpython" PYTHON_VER=v3.13 "$compat/run.sh") >/dev/null 2>&1
has "run.sh builds the one it is told of" "$(tr '\n' ' ' <"$DOUBLE_LOG")" "<--source> <with sources/cpython>"
err=$(cd "$here" && PYTHON_VER=3.1 "$compat/run.sh" 2>&1)
same "run.sh checks nothing out" "$?: $err" "1: run.sh: 'cpython' holds Python 3.13.7: check '3.1' out there, or unset PYTHON_VER"
err=$(cd "$T" && PYTHON_DIR=nowhere "$compat/run.sh" 2>&1)
same "run.sh, no sources where they should be" "$?: $err" "1: run.sh: 'nowhere' is no source tree of CPython (PYTHON_DIR)"

# 004-reset
run "$compat/reset-python-repo.sh"
same "reset-python-repo.sh" "$rc: $asked" "0: <build-python> <reset> "

stage=$compat/scripts/build_wasi.sh
run "$stage" --mode cpython-tools --cpython-src "$T/with sources/cpython" --wasi-sdk "$T"
same "build_wasi.sh --mode cpython-tools" "$rc: $out" "0: $here/out/wasi/python.wasm"
same "it asks" "$asked" "<build-python> <--source> <$T/with sources/cpython> <--stdlib> <tree> <--prefix> </usr/local> <--out> <$here/out/wasi/build> WASI_SDK_PATH=$T "
check "it stages the library" test -f "$here/out/wasi/usr/local/lib/python3.13/os.py"
has "it says what is there" "$(cat "$here/out/wasi/README.txt")" "Python 3.13.15 for WASI preview 1, staged by build_wasi.sh --mode cpython-tools"
has "and how to run it" "$(cat "$here/out/wasi/README.txt")" "krait run --dir usr::/usr python.wasm"
run "$stage" --mode cpython-tools --clean --verbose
has "it hands --clean and --verbose on" "$asked" "<build-python> <--clean> <--verbose> <--stdlib> <tree>"
run "$stage" --mode=python-wasi --out="some where"
same "build_wasi.sh --mode python-wasi" "$rc: $asked" "0: <build-python> <--stdlib> <packed> <--prefix> </opt/wasi-python> <--out> <$here/some where/build> "
check "it stages under both names" cmp "$here/some where/python.wasm" "$here/some where/wasi-python3.13.wasm"
run "$stage" --mode python-wasi --python-wasi-src "$T/with sources"
has "it builds the sources beside" "$asked" "<--source> <$T/with sources/cpython>"
mkdir -p "$T/theirs/usr/local/lib" "$T/theirs/bin"
echo x >"$T/theirs/python.wasm"
cp "$T/theirs/python.wasm" "$T/theirs/bin/"
for file in python.wasm bin/python.wasm; do
    run "$stage" --mode wasmlabs --wasmlabs-wasm "$T/theirs/$file" --sha256 12
    has "build_wasi.sh --mode wasmlabs finds the library of $file" "$(readlink -f "$(sed -n '3s/<\(.*\)>/\1/p' "$DOUBLE_LOG")")" "$T/theirs"
    has "it hands the sum on" "$asked" "<--sha256> <12>"
done
mkdir "$T/alone" && echo x >"$T/alone/python.wasm"
run "$stage" --mode wasmlabs --wasmlabs-wasm "$T/alone/python.wasm"
has "a program alone" "$asked" "<--from> <$T/alone/python.wasm>"

# --- how they are called --------------------------------------------------------------------

ln -s "$compat/wl-make.sh" "$T/linked"
run "$T/linked" python/v3.13
same "through a link" "$rc" 0
PATH=$compat:$PATH
run wl-make.sh python/v3.13
same "through PATH" "$rc" 0
# As an installation has it.
mkdir -p "$T/prefix/share/krait" "$T/prefix/bin"
cp -R "$compat" "$T/prefix/share/krait/"
ln -s "$KRAIT" "$T/prefix/bin/krait"
run env KRAIT= "$T/prefix/share/krait/compat/build.sh"
same "installed" "$rc" 0
for front in build.sh wl-make.sh run.sh reset-python-repo.sh scripts/build_wasi.sh scripts/build-python-wasi.sh; do
    run "$compat/$front" --help
    same "$front --help" "$rc: $err" "0: "
    has "$front --help says usage" "$out" "usage: ${front##*/}"
    run "$compat/$front" --what
    same "$front --what" "$rc: $asked" "2: "
    has "$front --what says usage" "$err" "usage: ${front##*/}"
    run "$compat/$front" one two three
    same "$front with words" "$rc: $asked" "2: "
done
run "$compat/wl-make.sh"
same "wl-make.sh without a target" "$rc" 2
for target in php/v8 python/3.13 python/vx python/v3.13/..; do
    run "$compat/wl-make.sh" $target
    same "wl-make.sh $target" "$rc: $asked" "2: "
done
run env WLR_BUILD_FLAVOR=wasmedge "$compat/wl-make.sh" python/v3.13
same "a flavour that is not there" "$rc: ${err%%
*}" "2: wl-make.sh: WLR_BUILD_FLAVOR is empty or aio, not 'wasmedge'"
for words in "" "--mode" "--mode=" "--mode x" "--mode wasmlabs" "--mode wasmlabs --wasi-sdk /" "--mode python-wasi --sha256 1" "--mode python-wasi --clean" "--out x"; do
    # shellcheck disable=SC2086 # words
    run "$stage" $words
    same "build_wasi.sh $words" "$rc: $asked" "2: "
done
run "$stage" --mode wasmlabs --wasmlabs-wasm nowhere.wasm
same "a program that is not there" "$rc: $err" "1: build_wasi.sh: 'nowhere.wasm' does not exist (--wasmlabs-wasm)"
run env KRAIT= PATH=/usr/bin:/bin sh -c 'cp -R "$1" . && cd compat && ./build.sh' sh "$compat"
same "without a krait" "$rc: $out" "1: "
has "it says where it looked" "$err" "KRAIT names one"

# --- when something fails -------------------------------------------------------------------

run env DOUBLE_STATUS=1 "$compat/build.sh"
same "a build that fails" "$rc: $out: $(ls "$here")" "1: : "
run env DOUBLE_STATUS=125 "$compat/wl-make.sh" python/v3.13 --what
same "an option that krait does not know" "$rc: $out" "2: "
# Root may write everywhere, but not into a file.
run sh -c 'echo mine >cpython && exec "$1"' sh "$compat/build.sh"
same "no place for the result" "$rc: $out" "1: "
has "it says which" "$err" "cannot write 'cpython/usr/local/lib/python313.zip'"
same "what is there stays" "$(cat "$here/cpython")" mine
# As a user without rights: root gives its own up for that.
as_user="env"
[ "$(id -u)" -ne 0 ] || as_user="setpriv --reuid=65534 --regid=65534 --clear-groups env"
chmod 755 "$T" && chmod 777 "$TMPDIR" && chmod 666 "$DOUBLE_LOG"
if $as_user test -x "$compat/run.sh" 2>/dev/null; then
    # shellcheck disable=SC2086 # words
    run sh -c 'chmod 555 . && exec "$@"' sh $as_user "$compat/run.sh"
    same "a folder that cannot be written" "$rc: $out" "1: "
    # shellcheck disable=SC2086
    run sh -c 'chmod 777 . && exec "$@"' sh $as_user INCLUDE_STDLIB=0 INSTALL_PREFIX=/proc/1/python "$compat/run.sh"
    check "run.sh, a prefix that cannot be written" test -f "$here/proc/1/python/lib/python3.13/os.py"
    has "it says where it put the library" "$err" "--mapdir=/proc/1/python/lib/python3.13::$here/proc/1/python/lib/python3.13"
else
    printf 'another user cannot read this checkout: what happens without write permission was not tried\n'
fi
for signal in INT TERM; do
    : >"$DOUBLE_LOG"
    mkdir "$T/$signal"
    (cd "$T/$signal" && exec env DOUBLE_SLEEP=1 python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$compat/build.sh" 2>"$T/err") &
    front=$!
    while ! grep -q waiting "$DOUBLE_LOG"; do sleep 0.1; done
    kill -s $signal $front
    wait $front
    same "SIG$signal" "$?" $([ $signal = INT ] && echo 130 || echo 143)
    has "SIG$signal reaches the build" "$(cat "$DOUBLE_LOG")" stopped
    same "SIG$signal leaves nothing" "$(ls "$T/$signal")" ""
done
same "no temporary folder is left" "$(ls "$TMPDIR")" ""
finish
