# SPDX-License-Identifier: Apache-2.0
# Limits of time and output hold for modules that know nothing of Krait: they take no signals, and are
# stopped at once. Each module here would otherwise run for ever.
. "$KRAIT_SOURCE_DIR/tests/modules/lib.sh"

# ended NAME: by --timeout, and by --cpu unless it waits.
ended() {
    "$KRAIT" compile "$1.wasm" -o "$1.krt" || failed "compile $1"
    run run --timeout 300ms "$1.krt"
    same "$1: status" "$rc" 124
    has "$1: the limit" "$out" "wall time limit of 0.3 s"
    [ "$2" = waits ] && return
    run run --cpu 300ms "$1.krt"
    same "$1: status, processor time" "$rc" 124
    has "$1: the limit, processor time" "$out" "CPU time limit of 0.3 s"
}

wat loop <<'EOF'
(module (memory (export "memory") 1)
  (func (export "_start") (loop (br 0))))
EOF
ended loop works
wat fill <<'EOF'
(module (memory (export "memory") 4096)
  (func (export "_start")
    (loop (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x10000000))
      (memory.copy (i32.const 1) (i32.const 0) (i32.const 0xfffffff)) (br 0))))
EOF
ended fill works
wat table <<'EOF'
(module (memory (export "memory") 1) (table 1000000 externref)
  (func (export "_start")
    (loop (table.fill 0 (i32.const 0) (ref.null extern) (i32.const 1000000)) (br 0))))
EOF
ended table works
wat grow <<'EOF'
(module (memory (export "memory") 1)
  (func (export "_start")
    (loop (drop (memory.grow (i32.const 0))) (drop (memory.grow (i32.const 65536))) (br 0))))
EOF
ended grow works
wat wait <<'EOF'
(module (memory (export "memory") 1 1 shared)
  (func (export "_start")
    (loop (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))) (br 0))))
EOF
ended wait waits
wat sleep <<'EOF'
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 1000000000000000))
    (loop (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))) (br 0))))
EOF
ended sleep waits
wat calls <<'EOF'
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1024)
  (func (export "_start")
    (loop (drop (call $random (i32.const 0) (i32.const 0x4000000))) (br 0))))
EOF
ended calls works
# Before there is a program at all.
wat start <<'EOF'
(module (memory (export "memory") 1) (func $loop (loop (br 0))) (start $loop)
  (func (export "_start")))
EOF
"$KRAIT" compile start.wasm -o start.krt || failed "compile start"
run run --timeout 300ms start.krt
same "start function: status" "$rc" 124
has "start function: said" "$out" "the start function went over a limit of time"

# Output: the error does not matter to this one.
wat flood <<'EOF'
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 1000))
    (memory.fill (i32.const 64) (i32.const 0x78) (i32.const 1000))
    (loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))) (br 0))))
EOF
"$KRAIT" compile flood.wasm -o flood.krt || failed "compile flood"
"$KRAIT" run --max-output 123456 flood.krt >out 2>err
same "flood: status" $? 124
same "flood: bytes" "$(wc -c <out)" 123456
has "flood: the limit" "$(cat err)" "output limit of 123456 bytes"
finish
