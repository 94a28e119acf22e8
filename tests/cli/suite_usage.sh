# SPDX-License-Identifier: Apache-2.0
# krait test: what it refuses, before anything is run.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
mkdir -p "$T/rt/bin" "$T/rt/usr/local/lib/python3.13" "$T/rt/usr/local/share/krait/test-lib/test"
touch "$T/rt/python.krt" "$T/rt/bin/python.wasm"
touch "$T/rt/usr/local/share/krait/test-lib/test/test_one.py"
export KRAIT_RUNTIME="$T/rt"
cd "$T" || exit 1

# refuses STATUS PART ARGUMENT...
refuses() {
    want=$1
    part=$2
    shift 2
    found=$("$KRAIT" test "$@" 2>&1 >/dev/null)
    same "status of $*" "$?" "$want"
    has "message of $*" "$found" "$part"
}
check "help" "$KRAIT" test --help
refuses 125 "unknown option '--nosuch'" --nosuch
refuses 125 "a value is missing after '--json'" --json
refuses 125 "-j takes a number from 1 to 256, not '0'" -j 0
refuses 125 "--timeout takes a number" --timeout x
refuses 125 "--memory takes a size" --memory 1Z
refuses 125 "no Python '2.7' here" --python 2.7
refuses 125 "not 'elsewhere'" --on elsewhere
refuses 125 "not 'native'" --on native
refuses 127 "no test module 'test_nosuch'" test_nosuch --expectations none
refuses 127 "cannot read the expectations 'no.toml'" --expectations no.toml
refuses 127 "cannot read 'no.json'" --compare no.json
refuses 126 "cannot write to the directory 'nowhere'" --logs nowhere
printf 'x = 1\n' >bad.toml
refuses 125 "'bad.toml': line 1: only strings" --expectations bad.toml
printf '{"on": "krait"}' >bad.json
refuses 126 "is not what krait test --json writes" --compare bad.json
unset KRAIT_PORTABLE
refuses 127 "KRAIT_PORTABLE is to name the folder" --on wasmtime
KRAIT_PORTABLE=$T/none refuses 127 "cannot read '$T/none/usr/local/lib/python3.13'" --on wasmtime
rm -r "$T/rt/usr/local/share"
refuses 127 "built without its tests"
finish
