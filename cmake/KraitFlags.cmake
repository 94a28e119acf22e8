# SPDX-License-Identifier: Apache-2.0
# Language, warnings, hardening and sanitizers of everything that runs on the host.
# They are on one interface target, krait_flags, which all our targets link.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(krait_flags INTERFACE)
# Adds compile options for C; the few assembler files need none.
function(krait_c_options)
    foreach(option IN LISTS ARGN)
        target_compile_options(krait_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:${option}>)
    endforeach()
endfunction()

krait_c_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
    -Wsign-conversion -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef)
if(KRAIT_WERROR)
    krait_c_options(-Werror)
endif()

# An assembler file without code for this processor must not ask for an executable stack.
target_compile_options(krait_flags INTERFACE $<$<COMPILE_LANGUAGE:ASM>:-Wa,--noexecstack>)

# Adds a compile option that only some compilers or processors know.
function(krait_try_flag flag)
    string(MAKE_C_IDENTIFIER "KRAIT_HAVE${flag}" var)
    check_c_compiler_flag("${flag}" ${var})
    if(${var})
        krait_c_options("${flag}")
    endif()
endfunction()

if(KRAIT_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "KRAIT_FUZZ needs clang, not ${CMAKE_C_COMPILER}")
    endif()
    krait_c_options(-fsanitize=fuzzer-no-link)
endif()
if(KRAIT_SANITIZE)
    krait_c_options(
        -fsanitize=${KRAIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(krait_flags INTERFACE -fsanitize=${KRAIT_SANITIZE})
    # A trap leaves the guest's stack from a signal handler, at any time: the fake stacks on
    # which clang's AddressSanitizer keeps locals do not survive that.
    if(KRAIT_SANITIZE MATCHES "address" AND CMAKE_C_COMPILER_ID MATCHES "Clang")
        krait_c_options(-fsanitize-address-use-after-return=never)
    endif()
elseif(KRAIT_HARDEN)
    krait_try_flag(-fstack-protector-strong)
    krait_try_flag(-fstack-clash-protection)
    krait_try_flag(-fcf-protection)
    # Fortified functions are inline wrappers: they need optimisation to exist.
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        krait_c_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    endif()
    target_link_options(krait_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(KRAIT_SANITIZE)
    target_compile_definitions(krait_flags INTERFACE KRAIT_SANITIZED=1)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # Instrumented code hides the bounds that gcc's analysis of texts needs.
        krait_c_options(-Wno-format-truncation)
    endif()
endif()
