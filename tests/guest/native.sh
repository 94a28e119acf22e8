# SPDX-License-Identifier: Apache-2.0
# The libc functions of the native flavour (guest/native), through the Python modules that
# call them, in the sandbox. Argument: which of native/*.py.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
mkdir "$T/data" "$T/etc"
script=$KRAIT_SOURCE_DIR/tests/guest/native/$1.py
run() {
    "$KRAIT" run --dir "$T/data::/data" "$@" 2>"$T/err" >"$T/out" || { cat "$T/out" "$T/err"; return 1; }
}

case $1 in
users)
    check "without /etc" run "$script"
    cat >"$T/etc/passwd" <<'END'
root:x:0:0::/:/bin/sh
short:x:1:1
number:x:y:1:::
long:x:7:7:a:b:c:d
krait:x:1234:99:A Snake:/home/krait:/bin/sh
END
    printf '%s' 'root:x:0:
snakes:x:99:krait
broken:x
zoo:x:100:lion,krait' >"$T/etc/group"
    check "with /etc" run --dir "$T/etc::/etc:ro" "$script" granted
    ;;
signals)
    "$KRAIT" run "$script" >"$T/out" 2>&1
    same "a program that a signal ended" "$?" 143
    same "what it said before" "$(cat "$T/out")" alive
    ;;
zones)
    check "on the host" run "$script" /data
    ;;
memory)
    check "on the host" run "$script" /data
    has "the log" "$(cat "$T/err")" "]: 100% told"
    check_not "what the mask leaves out" grep -q "not told" "$T/err"
    rm -rf "$T/data/"*
    check "in memory" run "$script"
    ;;
*)
    check "in memory" run "$script"
    check "on the host" run "$script" /data
    ;;
esac
finish
