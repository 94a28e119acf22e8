;; SPDX-License-Identifier: Apache-2.0
;; A second instance for test_threads.c, which shares memory, table and globals with the first.
(module $Peer
  (import "main" "memory" (memory 1 200 shared))
  (import "main" "__stack_pointer" (global $sp (mut i32)))
  (import "main" "set own" (func $set_own (param i32 i32)))
  (import "main" "get own" (func $get_own (result i32)))
  (import "main" "wait" (func $wait (param i32 i32 i64) (result i32)))
  (global $__tls_base (mut i32) (i32.const 5))
  (func (export "own") (param $sp i32) (param $tls i32) (result i32)
    (global.set $__tls_base (i32.const 6))
    (call $set_own (local.get $sp) (local.get $tls))
    (global.set $sp (i32.add (global.get $sp) (i32.const 1)))
    (global.set $__tls_base (i32.add (global.get $__tls_base) (local.get $tls)))
    (i32.add (call $get_own) (i32.mul (i32.const 1000000) (global.get $__tls_base))))
  (func (export "add") (param $times i32)
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (drop (call $get_own))
      (local.set $times (i32.sub (local.get $times) (i32.const 1)))
      (br_if $again (local.get $times))))
  (func (export "wait there") (result i32) (call $wait (i32.const 64) (i32.const 0) (i64.const -1))))
