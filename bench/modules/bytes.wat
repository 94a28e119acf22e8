;; SPDX-License-Identifier: Apache-2.0
;; Loads and stores of single bytes in short loops: primes below 8,000,000, five times.
(module
  (memory (export "memory") 128)
  (func $sieve (result i32) (local $i i32) (local $j i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 8000000))
    (local.set $i (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $i)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $j (i32.shl (local.get $i) (i32.const 1)))
          (block $done
            (loop $mark
              (br_if $done (i32.ge_u (local.get $j) (i32.const 8000000)))
              (i32.store8 (local.get $j) (i32.const 1))
              (local.set $j (i32.add (local.get $j) (local.get $i)))
              (br $mark)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 8000000))))
    (local.get $count))
  (func (export "_start") (local $n i32)
    (loop $again
      (if (i32.ne (call $sieve) (i32.const 539777)) (then (unreachable)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 5))))))
