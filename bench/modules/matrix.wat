;; SPDX-License-Identifier: Apache-2.0
;; Doubles in nested loops: a product of two 400 x 400 matrices, five times.
(module
  (memory (export "memory") 64)
  (func $fill (local $i i32)
    (loop $next
      (f64.store (i32.shl (local.get $i) (i32.const 3)) (f64.convert_i32_u (local.get $i)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 320000)))))
  (func $product (local $i i32) (local $j i32) (local $k i32) (local $a i32) (local $b i32) (local $sum f64)
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $k (i32.const 0))
        (local.set $sum (f64.const 0))
        (local.set $a (i32.mul (local.get $i) (i32.const 3200)))
        (local.set $b (i32.add (i32.const 1280000) (i32.shl (local.get $j) (i32.const 3))))
        (loop $terms
          (local.set $sum (f64.add (local.get $sum)
            (f64.mul (f64.load (local.get $a)) (f64.load (local.get $b)))))
          (local.set $a (i32.add (local.get $a) (i32.const 8)))
          (local.set $b (i32.add (local.get $b) (i32.const 3200)))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (br_if $terms (i32.lt_u (local.get $k) (i32.const 400))))
        (f64.store offset=2560000
          (i32.add (i32.mul (local.get $i) (i32.const 3200)) (i32.shl (local.get $j) (i32.const 3)))
          (local.get $sum))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $columns (i32.lt_u (local.get $j) (i32.const 400))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $rows (i32.lt_u (local.get $i) (i32.const 400)))))
  (func (export "_start") (local $n i32)
    (call $fill)
    (loop $again
      (call $product)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $n) (i32.const 5))))))
