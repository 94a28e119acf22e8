# SPDX-License-Identifier: Apache-2.0
# krait run where 8 GiB of address space cannot be had, with a small module in the
# interpreter's place: it names the remedy, and takes it when it is there.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
command -v wat2wasm >/dev/null || skip "wat2wasm (Debian package wabt) is not installed"
cd "$T" || exit 1
mkdir -p runtime/bin runtime/usr/local/lib/python3.13
# Traps unless a store into grown memory can be read again, and 4 GiB are refused.
cat >python.wat <<'WAT'
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.ne (memory.grow (i32.const 100)) (i32.const 1)) (then (unreachable)))
    (i32.store (i32.const 6000000) (i32.const 42))
    (if (i32.ne (i32.load (i32.const 6000000)) (i32.const 42)) (then (unreachable)))
    (if (i32.ne (memory.grow (i32.const 65000)) (i32.const -1)) (then (unreachable)))))
WAT
wat2wasm python.wat -o runtime/bin/python.wasm || exit 1
export KRAIT_RUNTIME="$T/runtime"
check "compile" "$KRAIT" compile -O 1 runtime/bin/python.wasm -o runtime/python.krt

run() {
    (ulimit -v "$1" && exec "$KRAIT" run -c pass) >out 2>err
    status=$?
}

"$KRAIT" run -c pass >out 2>err
same "without a limit" "$?" 0
for kilobytes in 500000 2000000 7000000; do
    rm -f runtime/python.checked.krt
    run $kilobytes
    same "$kilobytes: refused" "$status" 125
    has "$kilobytes: why" "$(cat err)" "cannot reserve 8 GiB"
    has "$kilobytes: what to do" "$(cat err)" "krait compile --bounds-checked '$T/runtime/bin/python.wasm' -o '$T/runtime/python.checked.krt'"
    check "compile" "$KRAIT" compile -O 1 --bounds-checked runtime/bin/python.wasm -o runtime/python.checked.krt
    run $kilobytes
    same "$kilobytes: with it" "$status $(cat out err)" "0 "
done

# Any module: it is translated once more, so that it needs less.
export KRAIT_CACHE="$T/cache"
mkdir cache
(ulimit -v 2000000 && exec "$KRAIT" run runtime/bin/python.wasm) >out 2>err
same "a module: $(cat err)" "$?" 0
(ulimit -v 2000000 && exec "$KRAIT" run runtime/python.krt) >out 2>err
same "a translation without checks" "$?" 125
has "what to do" "$(cat err)" "--bounds-checked"
finish
