;; SPDX-License-Identifier: Apache-2.0
;; A program that imports what modules that process documents do: outside of that it is told so, and
;; says so with its exit code.
(module
  (import "env" "define_table" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "insert_row" (func $insert (param i32 i32 i32 i32) (result i32)))
  (import "env" "emit_subcontent_bytes" (func $bytes (param i32 i32 i32 i32) (result i32)))
  (import "env" "emit_subcontent_slice" (func $slice (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $exit
      (i32.sub (i32.const 0)
        (i32.add
          (i32.add (call $define (i32.const -1) (i32.const -1) (i32.const -1) (i32.const -1))
                   (call $insert (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
          (i32.add (call $bytes (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                   (call $slice (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))))))
