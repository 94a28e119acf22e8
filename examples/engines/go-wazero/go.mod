// SPDX-License-Identifier: Apache-2.0
module krait-on-wazero

go 1.25.0

require github.com/tetratelabs/wazero v1.12.0

require golang.org/x/sys v0.44.0 // indirect
