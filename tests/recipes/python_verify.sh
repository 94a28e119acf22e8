# SPDX-License-Identifier: Apache-2.0
# Two builds of the real thing in two folders, the second from nothing but the archives, have the same bytes.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
unset NO_OPT DEBUG CC AR NM RANLIB RL PYTHON_VER INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX BUILD_PYTHON_DIR
[ -z "${KRAIT_TEST_WASM_CC:-}" ] || { CC=$KRAIT_TEST_WASM_CC && export CC; }
"$KRAIT" build-python --out "$T/first" --verify >"$T/out" 2>"$T/err" </dev/null
rc=$?
case $(cat "$T/err") in *"cannot get the source of"*) skip "a source cannot be had" ;; esac
same "status" $rc 0
has "both are the same" "$(cat "$T/err")" "both builds have the same"
[ $failures -eq 0 ] || tail -n 30 "$T/err"
finish
