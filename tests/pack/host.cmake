# SPDX-License-Identifier: Apache-2.0
if(NOT TARGET krait_pack)
    return()
endif()

krait_test(NAME pack.lzma SOURCES host_lzma.c "${PROJECT_SOURCE_DIR}/guest/pack/lzma.c"
    LIBS krait_compression CASES round_trips survives_damage refuses_what_is_short)
