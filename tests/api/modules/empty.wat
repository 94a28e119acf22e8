;; SPDX-License-Identifier: Apache-2.0
;; No _start and no session; 100 pages of memory.
(module (memory (export "memory") 100))
