;; SPDX-License-Identifier: Apache-2.0
;; What test scripts import from "spectest" besides functions (wasm_run.c has those).
(module
  (memory (export "memory") 1 2)
  (memory (export "shared_memory") 1 2 shared)
  (table (export "table") 10 20 funcref)
  (global (export "global_i32") i32 (i32.const 666))
  (global (export "global_i64") i64 (i64.const 666))
  (global (export "global_f32") f32 (f32.const 666.6))
  (global (export "global_f64") f64 (f64.const 666.6)))
