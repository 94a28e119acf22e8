# SPDX-License-Identifier: Apache-2.0
# Packed files as programs see them, on every engine that is here.
set(suites files host memory start reactor damage python)
if(TARGET krait_pack)
    list(APPEND suites twice) # by `krait pack`
endif()
foreach(suite IN LISTS suites)
    krait_test(NAME pack.guest-${suite} SCRIPT guest.py ARGS ${suite} GUEST TIMEOUT 600)
endforeach()

if(NOT TARGET krait_compression)
    return()
endif()

# What is not about WASI, compiled for this machine.
set(krait_guest_pack "")
foreach(part image contents tree memory change walk lzma)
    list(APPEND krait_guest_pack "${PROJECT_SOURCE_DIR}/guest/pack/${part}.c")
endforeach()
add_executable(pack_guest_native guest_native.c ../fuzz/fuzz_pack.c ${krait_guest_pack})
set_target_properties(pack_guest_native PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
target_include_directories(pack_guest_native PRIVATE "${PROJECT_SOURCE_DIR}"
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(pack_guest_native PRIVATE krait_flags krait_compression)
krait_feature_macros(pack_guest_native TRUE)
krait_test(NAME pack.guest-native SCRIPT guest_native.py ARGS $<TARGET_FILE:pack_guest_native>
    TIMEOUT 300)
krait_test(NAME fuzz.replay-pack SOURCES ../fuzz/fuzz_pack.c ../fuzz/replay.c ${krait_guest_pack}
    LIBS krait_compression ARGS "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/pack")
if(KRAIT_FUZZ)
    add_executable(fuzz_pack ../fuzz/fuzz_pack.c ${krait_guest_pack})
    target_include_directories(fuzz_pack PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
    target_link_libraries(fuzz_pack PRIVATE krait_flags krait_compression)
    target_link_options(fuzz_pack PRIVATE -fsanitize=fuzzer)
    krait_feature_macros(fuzz_pack TRUE)
endif()
