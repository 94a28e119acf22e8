;; SPDX-License-Identifier: Apache-2.0
;; A session that comes back with a result that there is not, and traps when it is called a second
;; time, before it has asked for anything.
(module
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func (export "krait_init") (param i32) (result i32) (i32.const 0))
  (func (export "krait_call") (param i32) (result i32) (i32.const 0))
  (func (export "krait_exec") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.gt_u (global.get $calls) (i32.const 1)) (then (unreachable)))
    (i32.const 77)))
