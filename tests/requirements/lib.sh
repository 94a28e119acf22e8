# SPDX-License-Identifier: Apache-2.0
# For the tests that run the commands of commands.txt: `. "$KRAIT_SOURCE_DIR/tests/requirements/lib.sh"`.
#
#   block ID     the text as it was documented
#   today ID     the same with krait's name and with the versions of this tree, and nothing else:
#                  timecraft run -> krait run --dir .   timecraft showed the whole machine, krait
#                                                       shows what it is told to
#                  wasmtime run -> krait run
#                  3.10, 3.11, 311 -> those of the default version; /opt/wasi-sdk -> $SDK, and
#                  below /opt/wasi-python and /tmp of this machine -> the same below $T
#   do_block ID  runs that in a shell of its own: $out (with stderr), $rc
#   shown ID     what the block says that the command prints
#   path_of LIST the lines of a list as Python shows it
#   T, x, xx     a temporary folder, 3.13, 313
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
compat=$KRAIT_SOURCE_DIR/compat
T=$(cd "$T" && pwd -P)
SDK=$T/wasi-sdk
x=$(sed -n 's/^versions_default=//p' "$KRAIT_SOURCE_DIR/recipes/versions.sh")
xx=$(printf %s "$x" | tr -d .)
mkdir "$T/bin" "$T/tmp"
ln -s "$KRAIT" "$T/bin/krait"
PATH=$T/bin:$compat:$PATH
TMPDIR=$T/tmp
# Translations for one short run each.
KRAIT_OPT_LEVEL=0
export KRAIT KRAIT_OPT_LEVEL PATH TMPDIR
unset AR NM RANLIB RL NO_OPT DEBUG PYTHON_VER PYTHON_DIR INCLUDE_STDLIB COMPILE_STDLIB INSTALL_PREFIX \
    DESTDIR WASI_SDK_PATH WASI_SDK_ROOT BUILD_PYTHON_DIR WLR_BUILD_FLAVOR
[ -z "${KRAIT_TEST_WASM_CC:-}" ] && unset CC || { CC=$KRAIT_TEST_WASM_CC && export CC; }
cd "$T" || exit 1

block() {
    awk -v id="$1" '/^== / { on = $2 == id; next } on' "$KRAIT_SOURCE_DIR/tests/requirements/commands.txt"
}
today() {
    block "$1" | sed -e 's/^timecraft run/krait run --dir ./' -e 's/^wasmtime run/krait run/' \
        -e "s/python31[01]/python$xx/g" -e "s/v3\.11\.1/v$x/g" -e "s/python3\.1[01]/python$x/g" -e "s/\"3\.11\"/\"$x\"/" \
        -e "s,::/tmp,::$T/tmp,g" -e "s,/opt/wasi-sdk,$SDK,g" -e "s,::/opt/wasi-python,::$T/opt/wasi-python,g"
}
# Output follows the last line that is no continuation and no comment.
command_of() {
    today "$1" | awk '/^#/ || /^$/ { next } done { exit } { print } !/\\$/ && !/^export / { done = 1 }'
}
shown() {
    today "$1" | awk '/^#/ || /^$/ { next } done { print } !/\\$/ && !/^export / { done = 1 }'
}
do_block() {
    command_of "$1" >"$T/command"
    [ -s "$T/command" ] || failed "no command $1"
    out=$(sh -eu "$T/command" </dev/null 2>&1)
    rc=$?
}

# toolchain: sets cc and tools, the folder with clang, llvm-ar and the others that a build would take.
toolchain() {
    say() { printf '%s\n' "$*"; }
    cc=$(. "$KRAIT_SOURCE_DIR/recipes/tools.sh" && tools_find "$T/tmp" >&2 && command -v "$CC") ||
        skip "no complete compiler for WebAssembly"
    tools=$(dirname "$(readlink -f "$cc")")
}
# sdk: makes $SDK, a folder that looks like a wasi-sdk and holds that toolchain.
sdk() {
    toolchain
    mkdir -p "$SDK/bin"
    for program in clang clang++ llvm-ar llvm-nm llvm-ranlib wasm-ld; do
        ln -s "$tools/$program" "$SDK/bin/$program"
    done
}
