# SPDX-License-Identifier: Apache-2.0
# Target krait-runtime: CPython for the sandbox, in lib/krait/python3.13. The work is done
# by recipes/build, which keeps every result in the cache under a hash of its inputs; here is
# only the step that asks for it. It runs when an input changed, and then costs a second or
# two when the cache has the result.
set(KRAIT_WASM_CC "" CACHE STRING "clang that compiles for WebAssembly; empty: the newest found")

if(KRAIT_GUEST AND TARGET krait)
    set(_krait_stamp "${CMAKE_BINARY_DIR}/lib/krait/.runtime-stamp")
    file(GLOB_RECURSE _krait_inputs CONFIGURE_DEPENDS
        "${PROJECT_SOURCE_DIR}/recipes/*" "${PROJECT_SOURCE_DIR}/guest/*"
        "${PROJECT_SOURCE_DIR}/aot/*.[ch]" "${PROJECT_SOURCE_DIR}/aot/*.def")
    # CC and its like are the host compiler's: the recipes would take them for theirs.
    set(_krait_env --unset=CC --unset=AR --unset=NM --unset=RANLIB --unset=MAKEFLAGS
        --unset=MFLAGS --unset=MAKELEVEL "KRAIT_PROGRAM=$<TARGET_FILE:krait>")
    if(KRAIT_WASM_CC)
        list(APPEND _krait_env "CC=${KRAIT_WASM_CC}")
    endif()
    set(_krait_options --jobs ${KRAIT_JOBS})
    if(KRAIT_SOURCES)
        list(APPEND _krait_options --sources "${KRAIT_SOURCES}" --offline)
    endif()
    add_custom_command(OUTPUT "${_krait_stamp}"
        COMMAND "${CMAKE_COMMAND}" -E env ${_krait_env}
            "${PROJECT_SOURCE_DIR}/recipes/build" ${_krait_options}
            --out "${KRAIT_RUNTIME_DIR}" python-krt
        COMMAND "${CMAKE_COMMAND}" -E touch "${_krait_stamp}"
        DEPENDS krait ${_krait_inputs}
        COMMENT "CPython ${KRAIT_PYTHON_VERSION} for the sandbox"
        USES_TERMINAL VERBATIM)
    add_custom_target(krait-runtime ALL DEPENDS "${_krait_stamp}")
else()
    add_custom_target(krait-runtime)
endif()
