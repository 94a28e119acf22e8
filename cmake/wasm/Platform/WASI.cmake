# SPDX-License-Identifier: Apache-2.0
# What CMake has to know of the system WASI; its own file of this name came with 3.31.
set(CMAKE_EXECUTABLE_SUFFIX .wasm)
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
