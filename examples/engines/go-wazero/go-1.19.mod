// SPDX-License-Identifier: Apache-2.0
module krait-on-wazero

go 1.19

require github.com/tetratelabs/wazero v1.6.0
