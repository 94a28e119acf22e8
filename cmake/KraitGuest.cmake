# SPDX-License-Identifier: Apache-2.0
# Target krait-runtime: CPython for the sandbox, in lib/krait/python3.13. The work is done
# by recipes/build, which keeps every result in the cache under a hash of its inputs; here is
# only the step that asks for it. It runs when an input changed, and then costs a second or
# two when the cache has the result. krait-module-runtime is what `krait module` packs scripts into.
set(KRAIT_WASM_CC "" CACHE STRING "clang that compiles for WebAssembly; empty: the newest found")

if(KRAIT_GUEST AND TARGET krait)
    file(GLOB_RECURSE _krait_inputs CONFIGURE_DEPENDS
        "${PROJECT_SOURCE_DIR}/recipes/*" "${PROJECT_SOURCE_DIR}/guest/*"
        "${PROJECT_SOURCE_DIR}/aot/*.[ch]" "${PROJECT_SOURCE_DIR}/aot/*.def"
        "${PROJECT_SOURCE_DIR}/include/krait/guest.h"
        "${PROJECT_SOURCE_DIR}/include/krait/guest_call.h")
    # CC and its like are the host compiler's: the recipes would take them for theirs.
    set(_krait_env --unset=CC --unset=AR --unset=NM --unset=RANLIB --unset=MAKEFLAGS
        --unset=MFLAGS --unset=MAKELEVEL "KRAIT_PROGRAM=$<TARGET_FILE:krait>")
    if(KRAIT_WASM_CC)
        list(APPEND _krait_env "CC=${KRAIT_WASM_CC}")
    endif()
    list(APPEND _krait_env "KRAIT_OPT_LEVEL=${KRAIT_OPT_LEVEL}")
    set(_krait_options --jobs ${KRAIT_JOBS})
    if(KRAIT_SOURCES)
        list(APPEND _krait_options --sources "${KRAIT_SOURCES}" --offline)
    endif()
    # all: ALL, or EXCLUDE_FROM_ALL; then targets that come before, for each uses all processors. Not
    # by their stamps: make would run the command of a stamp once for each target that names it.
    function(krait__runtime target recipe folder comment all)
        set(stamp "${CMAKE_BINARY_DIR}/lib/krait/.${target}-stamp")
        add_custom_command(OUTPUT "${stamp}"
            COMMAND "${CMAKE_COMMAND}" -E env ${_krait_env}
                "${PROJECT_SOURCE_DIR}/recipes/build" ${_krait_options}
                --out "${folder}" ${recipe}
            COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
            DEPENDS krait ${_krait_inputs} ${_krait_inputs_of_${target}}
            COMMENT "${comment}"
            USES_TERMINAL VERBATIM)
        if(NOT all STREQUAL ALL)
            set(all "")
        endif()
        add_custom_target(${target} ${all} DEPENDS "${stamp}")
        if(ARGN)
            add_dependencies(${target} ${ARGN})
        endif()
    endfunction()
    krait__runtime(krait-runtime python-krt "${KRAIT_RUNTIME_DIR}"
        "CPython ${KRAIT_PYTHON_VERSION} for the sandbox" ALL)
    # What `krait pack` packs into.  It takes a CPython of its own, so it is made on demand.
    if(KRAIT_TESTS)
        set(_krait_portable ALL)
    else()
        set(_krait_portable EXCLUDE_FROM_ALL)
    endif()
    krait__runtime(krait-portable python-opt "${KRAIT_RUNTIME_DIR}-portable"
        "CPython ${KRAIT_PYTHON_VERSION} for other engines" ${_krait_portable}
        krait-runtime)
    # After the portable one, whose library it is linked with.  A krait that cannot pack cannot make it.
    set(_krait_before krait-portable)
    if(TARGET krait_pack)
        file(GLOB _krait_inputs_of_krait-module-runtime CONFIGURE_DEPENDS
            "${PROJECT_SOURCE_DIR}/pack/*.[ch]" "${PROJECT_SOURCE_DIR}/cli/pack_*.c"
            "${PROJECT_SOURCE_DIR}/include/krait/*.h"
            "${PROJECT_SOURCE_DIR}/tests/guest/imports-module.txt")
        krait__runtime(krait-module-runtime python-module "${KRAIT_RUNTIME_DIR}-module"
            "CPython ${KRAIT_PYTHON_VERSION} for modules of scripts" ${_krait_portable})
        if(KRAIT_TESTS)
            add_dependencies(krait-module-runtime krait-portable)
            set(_krait_before krait-module-runtime)
        endif()
    else()
        add_custom_target(krait-module-runtime)
    endif()
    if(KRAIT_TESTS)
        # What `krait test` runs; after the other ones, for all of them use all processors.
        krait__runtime(krait-test-runtime python-test-krt "${KRAIT_RUNTIME_DIR}-test"
            "CPython ${KRAIT_PYTHON_VERSION} with the modules that its tests need" ALL
            ${_krait_before})
        # The tests themselves need no network.
        set(_krait_fetch "")
        if(KRAIT_SOURCES)
            set(_krait_fetch --offline --sources "${KRAIT_SOURCES}")
        endif()
        file(GLOB _krait_locks CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/recipes/sources.lock"
            "${PROJECT_SOURCE_DIR}/recipes/libpython/*/sources.lock")
        set(stamp "${CMAKE_BINARY_DIR}/lib/krait/.krait-test-sources-stamp")
        add_custom_command(OUTPUT "${stamp}"
            COMMAND sh "${PROJECT_SOURCE_DIR}/tests/recipes/fetch_real.sh" ${_krait_fetch}
                "${PROJECT_SOURCE_DIR}/recipes"
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/lib/krait"
            COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
            DEPENDS ${_krait_locks}
            COMMENT "Sources of the other versions of CPython, for the tests" VERBATIM)
        add_custom_target(krait-test-sources ALL DEPENDS "${stamp}")
    endif()
else()
    add_custom_target(krait-runtime)
    add_custom_target(krait-module-runtime)
endif()
