# SPDX-License-Identifier: Apache-2.0
# For tests in POSIX sh: `. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"` gives a private
# temporary folder (removed at the end), checks that report and go on, and the exit status.
#
#   T                     the temporary folder
#   check NAME COMMAND... the command must succeed
#   check_not NAME CMD... it must fail
#   same NAME FOUND WANT  two texts
#   has NAME TEXT PART    TEXT contains PART
#   gone NAME PID         that process ends, if it has not ended yet
#   skip WHY              cannot run here: exit 77
#   finish                last line of every test: exit 0 or 1
set -u
T=$(mktemp -d "${TMPDIR:-/tmp}/krait-test.XXXXXX") || exit 1
failures=0
checks=0
cleanup() {
    chmod -R u+rwX "$T" 2>/dev/null
    rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

passed() { checks=$((checks + 1)); }
failed() {
    checks=$((checks + 1))
    failures=$((failures + 1))
    printf 'failed: %s\n' "$1"
}
check() {
    what=$1
    shift
    if "$@" >"$T/.out" 2>&1; then passed; else failed "$what"; cat "$T/.out"; fi
}
check_not() {
    what=$1
    shift
    if "$@" >"$T/.out" 2>&1; then failed "$what"; cat "$T/.out"; else passed; fi
}
same() {
    if [ "$2" = "$3" ]; then passed; else
        failed "$1"
        printf '    found  [%s]\n    wanted [%s]\n' "$2" "$3"
    fi
}
has() {
    case $2 in
    *"$3"*) passed ;;
    *)
        failed "$1"
        printf '    found  [%s]\n    wanted a text with [%s]\n' "$2" "$3"
        ;;
    esac
}
# Killed is not yet ended, and who has ended may wait for somebody to look at it.
gone() {
    tries=0
    while kill -0 "$2" 2>/dev/null && [ $tries -lt 200 ] &&
        ! sed 's/.*) //' "/proc/$2/stat" 2>/dev/null | grep -q '^[ZX]'; do
        sleep 0.1
        tries=$((tries + 1))
    done
    if [ $tries -lt 200 ]; then passed; else failed "$1: $(tr '\0' ' ' <"/proc/$2/cmdline")"; fi
}
skip() {
    printf 'skipped: %s\n' "$1"
    exit 77
}
finish() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
    exit
}
