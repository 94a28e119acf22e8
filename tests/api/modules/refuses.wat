;; SPDX-License-Identifier: Apache-2.0
;; A session that does not start, and says why.
(module
  (import "krait_host" "outcome_put" (func $put (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "no reason\0asecond line")
  (func (export "krait_init") (param i32) (result i32)
    (drop (call $put (i32.const 2) (i32.const 16) (i32.const 21)))
    (i32.const 1))
  (func (export "krait_exec") (result i32) (i32.const 0)))
