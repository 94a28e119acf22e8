;; SPDX-License-Identifier: Apache-2.0
;; What test_threads.c runs on several threads of one instance.
(module $Main
  (type $one (func (param i32) (result i32)))
  (type $two (func (param i32 i32) (result i32)))
  (memory (export "memory") 1 200 shared)
  (table $t (export "table") 64 1000 funcref)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 4096))
  (global $__tls_base (mut i32) (i32.const 77))
  (global $signals (export "signals") (mut i32) (i32.const 0))
  (elem declare func $one $two)

  ;; One number that all add to.
  (func (export "add") (param $times i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (drop (i64.atomic.rmw8.add_u (i32.const 9) (i64.const 1)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times))))
  (func (export "load") (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func (export "store") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))

  ;; A mutex at 16 (0 free, 1 taken, 2 taken and somebody waits) around a plain number at 20.
  (func $lock
    (local $seen i32)
    (if (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 16) (i32.const 0) (i32.const 1))) (then (return)))
    (loop $again
      (if (i32.atomic.rmw.xchg (i32.const 16) (i32.const 2))
        (then
          (drop (memory.atomic.wait32 (i32.const 16) (i32.const 2) (i64.const -1)))
          (br $again)))))
  (func $unlock
    (if (i32.eq (i32.atomic.rmw.xchg (i32.const 16) (i32.const 0)) (i32.const 2))
      (then (drop (memory.atomic.notify (i32.const 16) (i32.const 1))))))
  (func (export "add locked") (param $times i32)
    (loop $again
      (call $lock)
      (i32.store (i32.const 20) (i32.add (i32.load (i32.const 20)) (i32.const 1)))
      (call $unlock)
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times))))

  ;; Two threads that take turns: the number at 24 says whose it is.
  (func (export "turns") (param $mine i32) (param $times i32)
    (loop $again
      (if (i32.ne (i32.and (i32.atomic.load (i32.const 24)) (i32.const 1)) (local.get $mine))
        (then
          (drop (memory.atomic.wait32 (i32.const 24) (i32.atomic.load (i32.const 24)) (i64.const 1000000)))
          (br $again)))
      (drop (i32.atomic.rmw.add (i32.const 24) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 24) (i32.const -1)))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times))))

  (func (export "wait") (param i32 i32 i64) (result i32)
    (drop (i32.atomic.rmw.add (i32.const 32) (i32.const 1)))
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32) (memory.atomic.notify (local.get 0) (local.get 1)))

  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "touch") (param i32) (result i32)
    (i32.store (local.get 0) (i32.const 5))
    (i32.load (local.get 0)))

  ;; A table that others write to while it is called through.
  (func $one (type $one) (i32.add (local.get 0) (i32.const 1000)))
  (func $two (type $two) (i32.sub (local.get 0) (local.get 1)))
  (func (export "set entries") (param $times i32)
    (loop $again
      (table.set $t (i32.const 3) (ref.func $one))
      (table.set $t (i32.const 3) (ref.func $two))
      (table.copy $t $t (i32.const 8) (i32.const 3) (i32.const 1))
      (table.set $t (i32.const 3) (ref.null func))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times)))
    (table.set $t (i32.const 3) (ref.func $one)))
  (func (export "call entry") (param i32) (result i32)
    (call_indirect $t (type $one) (local.get 0) (i32.const 3)))
  (func (export "grow table") (param i32) (result i32) (table.grow $t (ref.func $one) (local.get 0)))
  (func (export "table size") (result i32) (table.size $t))

  ;; Each thread has these two for itself.
  (func (export "set own") (param i32 i32)
    (global.set $__stack_pointer (local.get 0))
    (global.set $__tls_base (local.get 1)))
  (func (export "get own") (result i32)
    (i32.add (i32.mul (global.get $__stack_pointer) (i32.const 1000)) (global.get $__tls_base)))

  (func $forever (export "forever") (loop $again (br $again)))
  (func $recurse (export "recurse") (param i32) (result i32)
    (i32.add (i32.const 1) (call $recurse (local.get 0))))

  ;; A signal counts, and makes tail calls of its own.
  (func $count (param i64 i32) (result i32)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $count_other (local.get 1) (local.get 0) (f64.const 0)))
  (func $count_other (param i32 i64 f64) (result i32)
    (return_call $count (i64.sub (local.get 1) (i64.const 1)) (i32.add (local.get 0) (i32.const 1))))
  (func (export "krait_signal") (param i32)
    (if (i32.eq (local.get 0) (i32.const 63)) (then (unreachable)))
    (if (i32.ne (call $count (i64.const 50) (i32.const 0)) (i32.const 50)) (then (unreachable)))
    (global.set $signals (i32.add (global.get $signals) (i32.const 1)))
    (i32.atomic.store (i32.const 40) (global.get $signals)))
  ;; Tail calls that are left to a loop, until enough signals have come.
  (func $until (export "until") (param $signals i32) (param $sum i64) (result i64)
    (if (i32.ge_u (global.get $signals) (local.get $signals))
      (then (return (i64.sub (local.get $sum) (i64.const 7)))))
    (return_call $until_other (i64.add (local.get $sum) (i64.const 1)) (local.get $signals) (f32.const 1)))
  (func $until_other (param $sum i64) (param $signals i32) (param f32) (result i64)
    (return_call $until (local.get $signals) (i64.sub (local.get $sum) (i64.const 1)))))
