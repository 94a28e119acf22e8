;; SPDX-License-Identifier: Apache-2.0
;; Calls a function of the host while it is instantiated.
(module
  (import "krait_host" "call_start"
    (func $call (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "again")
  (func $start
    (drop (call $call (i32.const 0) (i32.const 5) (i32.const 1) (i32.const 0) (i32.const 0)
      (i32.const 64))))
  (start $start)
  (func (export "_start")))
