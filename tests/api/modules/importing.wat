;; SPDX-License-Identifier: Apache-2.0
;; Imports that nobody provides, or of another type than here.
(module
  (import "nobody" "f" (func (param i32 i64) (result f32)))
  (import "krait_host" "call_start" (func))
  (import "krait_host" "call_poll" (func (param i32 i32) (result i32)))
  (func (export "_start")))
