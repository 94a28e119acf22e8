# SPDX-License-Identifier: Apache-2.0
# For the tests of this folder: `. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"`.
#   T           a temporary folder, with a cache of its own (KRAIT_CACHE)
#   wat NAME    compiles stdin to NAME.wasm in $T
#   run WORD... runs krait: $out has what it wrote to stdout and stderr, $rc its status
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
cd "$T" || exit 1
KRAIT_CACHE=$T/cache
TMPDIR=$T/tmp
export KRAIT_CACHE TMPDIR
mkdir "$TMPDIR"
unset XDG_CACHE_HOME KRAIT_CC

wat() {
    cat >"$1.wat"
    wat2wasm --enable-all "$1.wat" -o "$1.wasm" || failed "wat2wasm $1"
}
run() {
    out=$("$KRAIT" "$@" 2>&1 </dev/null)
    rc=$?
}
# The translations in the cache.
cached() { find "$T/cache/module" -name '*.krt' 2>/dev/null; }
