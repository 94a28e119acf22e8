;; SPDX-License-Identifier: Apache-2.0
;; Nothing but short blocks and arithmetic: the Collatz sequences of 1 to 1,500,000.
(module
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32) (local $n i64) (local $steps i64)
    (local.set $i (i32.const 1))
    (loop $next
      (local.set $n (i64.extend_i32_u (local.get $i)))
      (block $done
        (loop $step
          (br_if $done (i64.eq (local.get $n) (i64.const 1)))
          (if (i64.eqz (i64.and (local.get $n) (i64.const 1)))
            (then (local.set $n (i64.shr_u (local.get $n) (i64.const 1))))
            (else (local.set $n (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))))
          (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
          (br $step)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $i) (i32.const 1500000))))
    (if (i64.eqz (local.get $steps)) (then (unreachable)))))
