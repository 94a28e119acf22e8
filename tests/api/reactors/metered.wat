;; SPDX-License-Identifier: Apache-2.0
;; Translated so that it counts what it executes.
(module
  (memory (export "memory") 1)
  (func (export "work") (param i32) (result i32)
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (local.get 0)))
    (i32.const 7)))
