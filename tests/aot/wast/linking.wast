;; SPDX-License-Identifier: Apache-2.0
;; Modules that share tables, and names that hold a NUL.

(module $Table
  (type $t (func (result i32)))
  (table (export "table") 10 funcref)
  (func (export "call") (param i32) (result i32)
    (call_indirect (type $t) (local.get 0))))
(register "Table" $Table)

;; Elements are written before a data segment fails: the functions stay in the table,
;; though their instance never came to be.
(assert_trap
  (module
    (table (import "Table" "table") 10 funcref)
    (memory 1)
    (func $seven (result i32) (i32.const 7))
    (elem (i32.const 3) $seven)
    (data (i32.const 0x10000) "x"))
  "out of bounds memory access")
(assert_return (invoke $Table "call" (i32.const 3)) (i32.const 7))
(assert_trap (invoke $Table "call" (i32.const 4)) "uninitialized element")

;; A name does not end at a NUL.
(module $Names
  (func (export "a") (result i32) (i32.const 1))
  (func (export "a\00") (result i32) (i32.const 2))
  (func (export "a\00b") (result i32) (i32.const 3)))
(register "Names" $Names)
(assert_return (invoke $Names "a") (i32.const 1))
(module
  (func (import "Names" "a\00b") (result i32))
  (func (import "Names" "a\00") (result i32))
  (func (export "three") (result i32) (call 0))
  (func (export "two") (result i32) (call 1)))
(assert_return (invoke "three") (i32.const 3))
(assert_return (invoke "two") (i32.const 2))

;; A host function is called on the stack that runs, whoever ran its caller before.
(module $First
  (type $v (func (result i64)))
  (table (export "table") 1 funcref)
  (func (export "through") (result i64) (call_indirect (type $v) (i32.const 0))))
(register "first" $First)
(module $Second
  (import "first" "table" (table 1 funcref))
  (import "host" "mix" (func $mix (param i32 i64 f32 f64) (result i64)))
  (func $ask (export "ask") (result i64)
    (call $mix (i32.const 5) (i64.const 7) (f32.const 0.5) (f64.const 0.25)))
  (elem (i32.const 0) $ask))
(assert_return (invoke $Second "ask") (i64.const 375))
(assert_return (invoke $First "through") (i64.const 375))
(assert_return (invoke $Second "ask") (i64.const 375))
(assert_return (invoke $First "through") (i64.const 375))
