# SPDX-License-Identifier: Apache-2.0
# Toolchain file for WebAssembly modules (WASI preview 1) in C, with Python inside if they want it:
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=.../wasm32-wasi.cmake -DKRAIT_SYSROOT=DIR -DKRAIT_PYTHON=DIR
#
# KRAIT_SYSROOT is the C library, what `recipes/build wasi-libc` prints; it is not needed with the
# clang of a wasi-sdk. KRAIT_PYTHON is the tree that `recipes/build` prints: pkg_check_modules()
# finds python-3.13-embed in it. The compiler is CMAKE_C_COMPILER, else CC, else the newest
# clang from 19 on that is found.
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}") # Platform/WASI.cmake: CMake has it since 3.31
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KRAIT_SYSROOT KRAIT_PYTHON)

if(NOT CMAKE_C_COMPILER)
    set(CMAKE_C_COMPILER "$ENV{CC}")
endif()
if(NOT CMAKE_C_COMPILER)
    foreach(_krait_version RANGE 40 19 -1)
        list(APPEND _krait_names clang-${_krait_version})
    endforeach()
    find_program(KRAIT_CLANG NAMES ${_krait_names} clang REQUIRED)
    set(CMAKE_C_COMPILER "${KRAIT_CLANG}")
endif()

if(KRAIT_SYSROOT)
    set(CMAKE_SYSROOT "${KRAIT_SYSROOT}")
endif()
# clang 19 of Debian finds the compiler's builtins under the older name of the target only.
foreach(_krait_target wasm32-wasip1 wasm32-wasi)
    execute_process(COMMAND "${CMAKE_C_COMPILER}" --target=${_krait_target} --rtlib=compiler-rt
        -print-libgcc-file-name OUTPUT_VARIABLE _krait_builtins OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(EXISTS "${_krait_builtins}" AND (NOT KRAIT_SYSROOT OR EXISTS "${KRAIT_SYSROOT}/lib/${_krait_target}"))
        set(CMAKE_C_COMPILER_TARGET ${_krait_target})
        break()
    endif()
endforeach()
if(NOT CMAKE_C_COMPILER_TARGET)
    message(FATAL_ERROR "${CMAKE_C_COMPILER}: no builtins for wasm32 (Debian: libclang-rt-N-dev-wasm32), "
        "or '${KRAIT_SYSROOT}' is not a sysroot for it")
endif()

# A wasm-opt on PATH would drop the names of functions, which tracebacks of traps show.
set(CMAKE_EXE_LINKER_FLAGS_INIT "--no-wasm-opt")

# The machine's own libraries are of no use.
set(CMAKE_FIND_ROOT_PATH "${KRAIT_SYSROOT}" "${KRAIT_PYTHON}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${KRAIT_PYTHON}/lib/wasm32-wasi/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")
