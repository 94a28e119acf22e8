;; SPDX-License-Identifier: Apache-2.0
;; A bytecode interpreter: fetch, br_table, a few instructions, 1,000,000,000 times.
(module
  (memory (export "memory") 1)
  ;; add, double, mix, count, subtract, loop
  (data (i32.const 0) "\00\02\01\04\00\02\03\05")
  (func (export "_start") (local $pc i32) (local $acc i32) (local $left i32) (local $other i32)
    (local.set $left (i32.const 125000000))
    (local.set $other (i32.const 7))
    (loop $run
      (block $again
        (block $subtract (block $count (block $mix (block $double (block $add
          (br_table $add $double $mix $count $subtract $again (i32.load8_u (local.get $pc))))
          (local.set $acc (i32.add (local.get $acc) (local.get $other)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $run))
          (local.set $acc (i32.shl (local.get $acc) (i32.const 1)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $run))
          (local.set $acc (i32.xor (local.get $acc) (i32.rotl (local.get $acc) (i32.const 5))))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $run))
          (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $run))
          (local.set $acc (i32.sub (local.get $acc) (local.get $other)))
          (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
          (br $run))
      (local.set $pc (i32.const 0))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $run (local.get $left)))
    (if (i32.ne (i32.load (i32.const 64)) (i32.const 125000000)) (then (unreachable)))))
