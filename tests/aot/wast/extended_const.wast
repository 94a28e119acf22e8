;; SPDX-License-Identifier: Apache-2.0
;; Extended constant expressions: arithmetic, and globals that come before.

(module $Numbers
  (global $forty (export "forty") i32 (i32.const 40))
  (global $base (export "base") i64 (i64.const 0x100000000))
  (global $mutable (mut i32) (i32.const 7)))
(register "Numbers" $Numbers)

(module
  (import "Numbers" "forty" (global $forty i32))
  (import "Numbers" "base" (global $base i64))
  (global $two i32 (i32.const 2))
  (global $sum (export "sum") i32 (i32.add (global.get $forty) (global.get $two)))
  (global $again (export "again") (mut i32) (global.get $sum))
  (global $diff (export "diff") i32 (i32.sub (i32.const 1) (i32.const 2)))
  (global $prod (export "prod") i32 (i32.mul (i32.const 0x10001) (i32.const 0x10001)))
  (global $wide (export "wide") i64
    (i64.sub (i64.mul (global.get $base) (i64.const 0x100000001)) (i64.add (i64.const 1) (global.get $base))))
  (global $deep (export "deep") i32
    (i32.add (i32.const 1) (i32.add (i32.const 2) (i32.add (i32.const 3)
      (i32.mul (i32.sub (i32.const 10) (global.get $two)) (global.get $sum))))))
  (memory 1)
  (data (i32.add (global.get $sum) (i32.const -2)) "forty")
  (data (i32.mul (i32.const 0x8000) (i32.const 0x20001)) "half")
  (table $t 8 funcref)
  (elem (table $t) (offset (i32.sub (i32.const 9) (global.get $two))) func $seven)
  (elem (table $t) (offset (global.get $two)) func $two)
  (func $seven (result i32) (i32.const 7))
  (func $two (result i32) (i32.const 2))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "get sum") (result i32) (global.get $sum))
  (func (export "call") (param i32) (result i32) (call_indirect $t (result i32) (local.get 0))))
(assert_return (get "sum") (i32.const 42))
(assert_return (get "again") (i32.const 42))
(assert_return (invoke "get sum") (i32.const 42))
(assert_return (get "diff") (i32.const -1))
(assert_return (get "prod") (i32.const 0x20001))
(assert_return (get "wide") (i64.const -1))
(assert_return (get "deep") (i32.const 342))
(assert_return (invoke "load" (i32.const 40)) (i32.const 0x66))
(assert_return (invoke "load" (i32.const 0x8000)) (i32.const 0x68))
(assert_return (invoke "call" (i32.const 7)) (i32.const 7))
(assert_return (invoke "call" (i32.const 2)) (i32.const 2))
(assert_trap (invoke "call" (i32.const 3)) "uninitialized element")

;; A reference that is in a global, from a global.
(module
  (global $f funcref (ref.func $nine))
  (global $g funcref (global.get $f))
  (table 2 funcref)
  (elem (i32.const 0) funcref (item (global.get $g)) (item (ref.null func)))
  (func $nine (result i32) (i32.const 9))
  (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))
(assert_return (invoke "call" (i32.const 0)) (i32.const 9))
(assert_trap (invoke "call" (i32.const 1)) "uninitialized element")

;; It wraps, and what does not fit traps.
(assert_trap (module (memory 1) (data (i32.sub (i32.const 0) (i32.const 1)) "x")) "out of bounds memory access")
(assert_trap (module (table 1 funcref) (func $f) (elem (i32.add (i32.const -1) (i32.const 2)) $f)) "out of bounds table access")
