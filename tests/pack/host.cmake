# SPDX-License-Identifier: Apache-2.0
# krait pack: with modules made by hand where no Python has to run.
if(NOT TARGET krait_pack OR NOT TARGET krait)
    return()
endif()

krait_test(NAME pack.lzma SOURCES host_lzma.c "${PROJECT_SOURCE_DIR}/guest/pack/lzma.c"
    LIBS krait_compression CASES round_trips survives_damage refuses_what_is_short)
krait_test(NAME pack.tree SOURCES host_tree.c LIBS krait_pack CASES removes replaces_many TIMEOUT 60)
# The library once more, with allocations that fail on demand.
file(GLOB faulty_pack CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/pack/*.c")
krait_test(NAME pack.faults SOURCES host_faults.c ${faulty_pack}
    "${PROJECT_SOURCE_DIR}/host/base/alloc.c" "${PROJECT_SOURCE_DIR}/host/base/error.c"
    LIBS krait_compression)
target_compile_definitions(test_pack_faults PRIVATE KRAIT_FAULTS=1 KRAIT_VERSION_TEXT="0")

add_executable(pack_host_altered host_altered.c)
set_target_properties(pack_host_altered PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
target_include_directories(pack_host_altered PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(pack_host_altered PRIVATE krait_flags krait_pack krait_compression)
krait_feature_macros(pack_host_altered TRUE)
krait_test(NAME pack.altered SCRIPT host_altered.py ARGS $<TARGET_FILE:pack_host_altered> TIMEOUT 300)
add_executable(pack_host_cancelled host_cancelled.c "${PROJECT_SOURCE_DIR}/cli/pack_sandbox.c"
    "${PROJECT_SOURCE_DIR}/cli/report.c" "${PROJECT_SOURCE_DIR}/cli/path.c")
set_target_properties(pack_host_cancelled PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
target_include_directories(pack_host_cancelled PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include"
    "${PROJECT_SOURCE_DIR}/host" "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(pack_host_cancelled PRIVATE krait_flags krait_pack krait_static)
krait_feature_macros(pack_host_cancelled TRUE)
krait_test(NAME pack.cancelled SCRIPT host_cancelled.py ARGS $<TARGET_FILE:pack_host_cancelled>)
foreach(case contents listing same-bytes again many interrupted)
    krait_test(NAME pack.files-${case} SCRIPT host_files.py ARGS ${case} TIMEOUT 300)
endforeach()
foreach(case folders unreadable outputs inputs modules damage bombs crowds sparse swapped large every-byte archives usage)
    krait_test(NAME pack.refused-${case} SCRIPT host_refused.py ARGS ${case})
endforeach()
foreach(case script optimized folders dependencies hostile shaken interrupted)
    krait_test(NAME pack.app-${case} SCRIPT host_app.py ARGS ${case} GUEST TIMEOUT 300)
endforeach()

krait_test(NAME fuzz.replay-packed SOURCES ../fuzz/fuzz_packed.c ../fuzz/replay.c LIBS krait_pack
    ARGS "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/packed")
if(KRAIT_FUZZ)
    add_executable(fuzz_packed ../fuzz/fuzz_packed.c)
    target_include_directories(fuzz_packed PRIVATE
        "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/host")
    target_link_libraries(fuzz_packed PRIVATE krait_flags krait_pack)
    target_link_options(fuzz_packed PRIVATE -fsanitize=fuzzer)
    krait_feature_macros(fuzz_packed TRUE)
endif()
