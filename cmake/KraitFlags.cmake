# SPDX-License-Identifier: Apache-2.0
# Language, warnings, hardening and sanitizers of everything that runs on the host.
# They are on one interface target, krait_flags, which all our targets link.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(krait_flags INTERFACE)
target_compile_options(krait_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion
    -Wsign-conversion -Wvla -Wformat=2 -Wcast-qual -Wpointer-arith -Wwrite-strings -Wundef)
if(KRAIT_WERROR)
    target_compile_options(krait_flags INTERFACE -Werror)
endif()

# Adds a compile option that only some compilers or processors know.
function(krait_try_flag flag)
    string(MAKE_C_IDENTIFIER "KRAIT_HAVE${flag}" var)
    check_c_compiler_flag("${flag}" ${var})
    if(${var})
        target_compile_options(krait_flags INTERFACE "${flag}")
    endif()
endfunction()

if(KRAIT_SANITIZE)
    target_compile_options(krait_flags INTERFACE
        -fsanitize=${KRAIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(krait_flags INTERFACE -fsanitize=${KRAIT_SANITIZE})
elseif(KRAIT_HARDEN)
    krait_try_flag(-fstack-protector-strong)
    krait_try_flag(-fstack-clash-protection)
    krait_try_flag(-fcf-protection)
    # Fortified functions are inline wrappers: they need optimisation to exist.
    target_compile_options(krait_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)
    target_link_options(krait_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
if(KRAIT_SANITIZE)
    target_compile_definitions(krait_flags INTERFACE KRAIT_SANITIZED=1)
endif()
