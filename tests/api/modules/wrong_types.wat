;; SPDX-License-Identifier: Apache-2.0
;; The names of a session, of other types.
(module
  (memory (export "memory") 1)
  (func (export "krait_init"))
  (func (export "krait_exec") (param i32) (result i32) (i32.const 0))
  (func (export "_start")))
