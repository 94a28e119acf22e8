# SPDX-License-Identifier: Apache-2.0
# Picks a C compiler before project() when the user named none.
# CMake looks for cc, gcc and clang, but Debian's clang-19 and friends install no
# unversioned name, and the toolchain that Krait needs anyway is one of those.
if(NOT CMAKE_C_COMPILER AND NOT DEFINED ENV{CC} AND NOT CMAKE_TOOLCHAIN_FILE)
    set(_krait_gcc cc gcc)
    if(KRAIT_FUZZ)
        set(_krait_gcc "")
    endif()
    find_program(KRAIT_HOST_CC
        NAMES ${_krait_gcc} clang clang-23 clang-22 clang-21 clang-20 clang-19 clang-18
        DOC "C compiler for the host parts")
    if(KRAIT_HOST_CC)
        set(CMAKE_C_COMPILER "${KRAIT_HOST_CC}")
    endif()
endif()
