# SPDX-License-Identifier: Apache-2.0
# krait run --fuel and --show-fuel, with a small module in the interpreter's place.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
cd "$T" || exit 1
mkdir -p runtime/bin runtime/usr/local/lib/python3.13
cat >python.wat <<'WAT'
(module
  (memory (export "memory") 1)
  (func (export "_start") (local i32)
    (loop $again
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get 0) (i32.const 100000))))))
WAT
wat2wasm python.wat -o runtime/bin/python.wasm || exit 1
export KRAIT_RUNTIME="$T/runtime"
translate() {
    check "compile $*" "$KRAIT" compile -O 1 runtime/bin/python.wasm -o "$@"
}
# 1 for the local, 8 for each turn.
cost=800001

run() {
    "$KRAIT" run "$@" -c pass >out 2>err
    status=$?
}

translate runtime/python.krt
run
same "without fuel" "$status" 0
run --fuel 5000000
same "no translation that counts" "$status" 125
has "it says what is missing" "$(cat err)" "not translated with --meter"
has "and how to make it" "$(cat err)" "krait compile --meter '$T/runtime/bin/python.wasm' -o '$T/runtime/python.metered.krt'"
run --show-fuel
same "nor for --show-fuel" "$status" 125

translate runtime/python.metered.krt --meter
run --fuel $cost
same "just enough" "$status" 0
same "quiet" "$(cat out err)" ""
run --fuel=$((cost - 1))
same "one less" "$status" 124
has "the reason" "$(cat err)" "out of fuel"
has "where it was" "$(cat err)" "  at _start"
same "nothing of ours is shown" "$(grep -c 'at k_\|at inv' err)" 0
for _ in 1 2 3; do
    run --show-fuel --fuel 1000000
    same "shown" "$(cat err)" "krait: fuel spent: $cost"
done
run --show-fuel
same "shown without a limit" "$(cat err)" "krait: fuel spent: $cost"
run --show-fuel --fuel 1000
has "shown when it is used up" "$(cat err)" "krait: fuel spent: 993"
for wrong in 0 -1 1x x 99999999999999999999 ''; do
    run --fuel "$wrong"
    same "--fuel '$wrong'" "$status" 125
    has "--fuel '$wrong' is named" "$(cat err)" "--fuel takes a number"
done

# Any module: it is translated so that it counts.
export KRAIT_CACHE="$T/cache"
mkdir cache
cp runtime/bin/python.wasm loop.wasm
module() {
    "$KRAIT" run "$@" loop.wasm >out 2>err
    status=$?
}
module --fuel $cost
same "a module: just enough" "$status" 0
module --fuel $((cost - 1))
same "a module: one less" "$status" 124
has "a module: the reason" "$(cat err)" "out of fuel"
module --show-fuel
has "a module: shown" "$(cat err)" "krait: fuel spent: $cost"
module
same "a module: without fuel" "$status" 0
cat >start.wat <<'WAT'
(module (memory (export "memory") 1) (start $before) (func (export "_start"))
  (func $before (local i32)
    (loop $again
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get 0) (i32.const 1000))))))
WAT
wat2wasm start.wat -o start.wasm
"$KRAIT" run --fuel 8001 start.wasm >out 2>err
same "a start function: enough" "$?" 0
"$KRAIT" run --fuel 8000 start.wasm >out 2>err
same "a start function: one less" "$?" 124
has "a start function: the reason" "$(cat err)" "the start function failed: out of fuel"
"$KRAIT" run --fuel 10 runtime/python.krt >out 2>err
same "a translation that does not count" "$?" 126
has "its reason" "$(cat err)" "not translated with --meter"
"$KRAIT" run --fuel 10 runtime/python.metered.krt >out 2>err
same "a translation that counts" "$?" 124
finish
