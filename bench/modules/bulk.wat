;; SPDX-License-Identifier: Apache-2.0
;; Bulk operations of a typical size: 100,000,000 copies of 64 bytes.
(module
  (memory (export "memory") 16)
  (func (export "_start") (local $i i32) (local $to i32)
    (loop $next
      (memory.copy (local.get $to) (i32.add (local.get $to) (i32.const 64)) (i32.const 64))
      (local.set $to (i32.and (i32.add (local.get $to) (i32.const 128)) (i32.const 0x7ffff)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100000000))))))
