;; SPDX-License-Identifier: Apache-2.0
;; Its _initialize traps.
(module
  (memory (export "memory") 1)
  (func (export "_initialize") unreachable)
  (func (export "f")))
