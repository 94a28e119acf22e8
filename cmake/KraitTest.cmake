# SPDX-License-Identifier: Apache-2.0
# krait_test(NAME layer.topic SOURCES file... [CASES case...] [GNU] [LIBS target...] [...])
#   A C test on tests/support/check.h, linked with the static libkrait (and krait_aot when
#   the name starts with "aot."). CASES registers one CTest case per name, layer.topic-case;
#   without it the whole program is one test.
# krait_test(NAME layer.topic SCRIPT file [ARGS arg...] [...])
#   A test in POSIX sh (*.sh) or Python (*.py).
# krait_test(NAME layer.topic COMMAND program [arg...] [...])
# All take: GUEST (needs the built Python: not registered with KRAIT_GUEST=OFF),
#   SLOW (label), TIMEOUT seconds (default 300; four times that with a sanitizer or an emulator), LABELS label..., ENV NAME=value...,
#   SERIAL (runs alone), FULL (only with `./krait check --full`, that is ctest -C Full).
#
# Every test gets KRAIT (the program), KRAIT_SNAPSHOTS (so that the user's are not touched),
# KRAIT_SOURCE_DIR, KRAIT_BINARY_DIR, KRAIT_RUNTIME_TREE and KRAIT_TEST_CC, and loses the variables of the
# caller's that change what krait does.
# Exit 77 means "cannot run here" and the output says why: CTest shows it as skipped,
# with KRAIT_REQUIRE_ALL it is a failure.
find_program(KRAIT_PYTHON NAMES python3 DOC "Python that runs tests and tools (not the guest)")
find_program(KRAIT_SH NAMES dash sh REQUIRED DOC "POSIX shell for test scripts")

function(krait__register name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SLOW;GUEST;SERIAL;FULL" "TIMEOUT" "COMMAND;LABELS;ENV")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    # There all is slower by a factor, and beside other work by a larger one.
    if(KRAIT_SANITIZE OR CMAKE_CROSSCOMPILING)
        math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")
    endif()
    string(REGEX MATCH "^[^.]+" area "${name}")
    list(APPEND arg_LABELS ${area})
    if(arg_GUEST)
        list(APPEND arg_LABELS guest)
    endif()
    if(arg_SLOW)
        list(APPEND arg_LABELS slow)
    endif()
    set(configurations "")
    if(arg_FULL)
        list(APPEND arg_LABELS slow)
        set(configurations CONFIGURATIONS Full)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND} ${configurations})
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT}
        LABELS "${arg_LABELS}"
        ENVIRONMENT "KRAIT=${CMAKE_BINARY_DIR}/bin/krait;KRAIT_SOURCE_DIR=${PROJECT_SOURCE_DIR};KRAIT_BINARY_DIR=${CMAKE_BINARY_DIR};KRAIT_RUNTIME_TREE=${KRAIT_RUNTIME_DIR};KRAIT_TEST_CC=${CMAKE_C_COMPILER};KRAIT_SNAPSHOTS=${CMAKE_BINARY_DIR}/tests/snapshots;LC_ALL=C.UTF-8;PYTHONDONTWRITEBYTECODE=1;${arg_ENV}"
        ENVIRONMENT_MODIFICATION "KRAIT_RUNTIME=unset:;KRAIT_BUILD=unset:;PYTHONPATH=unset:;PYTHONHOME=unset:")
    if(arg_SERIAL)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
    if(NOT KRAIT_REQUIRE_ALL)
        set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
    endif()
endfunction()

function(krait_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "GNU;SLOW;GUEST;SERIAL;FULL" "NAME;SCRIPT;TIMEOUT"
        "SOURCES;CASES;LIBS;COMMAND;ARGS;LABELS;ENV")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "krait_test ${arg_NAME}: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
    endif()
    if(NOT arg_NAME MATCHES "^[a-z0-9]+\\.[a-z0-9_.-]+$")
        message(FATAL_ERROR "krait_test: name '${arg_NAME}' is not layer.topic[-case]")
    endif()
    if(arg_GUEST AND NOT KRAIT_GUEST)
        return()
    endif()
    set(common "")
    foreach(flag SLOW GUEST SERIAL FULL)
        if(arg_${flag})
            list(APPEND common ${flag})
        endif()
    endforeach()
    foreach(key TIMEOUT LABELS ENV)
        if(arg_${key})
            list(APPEND common ${key} ${arg_${key}})
        endif()
    endforeach()

    if(arg_SOURCES)
        string(MAKE_C_IDENTIFIER "test_${arg_NAME}" target)
        add_executable(${target} ${arg_SOURCES})
        set_target_properties(${target} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
        target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests"
            "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/host")
        target_link_libraries(${target} PRIVATE krait_flags ${arg_LIBS})
        if(arg_NAME MATCHES "^aot\\." AND TARGET krait_aot)
            target_link_libraries(${target} PRIVATE krait_aot)
        endif()
        if(TARGET krait_static)
            target_link_libraries(${target} PRIVATE krait_static)
        endif()
        # Tests prepare files, processes and signals: they see everything POSIX and GNU.
        krait_feature_macros(${target} TRUE)
        set_target_properties(${target} PROPERTIES ENABLE_EXPORTS OFF)
        if(arg_CASES)
            foreach(case IN LISTS arg_CASES)
                string(REPLACE "_" "-" suffix "${case}")
                krait__register(${arg_NAME}-${suffix} COMMAND ${target} ${case} ${common})
            endforeach()
        else()
            krait__register(${arg_NAME} COMMAND ${target} ${arg_ARGS} ${common})
        endif()
    elseif(arg_SCRIPT MATCHES "\\.py$")
        if(NOT KRAIT_PYTHON)
            krait__register(${arg_NAME} COMMAND ${KRAIT_SH} -c "echo 'no python3 found'; exit 77"
                ${common})
        else()
            krait__register(${arg_NAME} COMMAND ${KRAIT_PYTHON}
                "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" ${arg_ARGS} ${common})
        endif()
    elseif(arg_SCRIPT)
        krait__register(${arg_NAME} COMMAND ${KRAIT_SH}
            "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SCRIPT}" ${arg_ARGS} ${common})
    elseif(arg_COMMAND)
        krait__register(${arg_NAME} COMMAND ${arg_COMMAND} ${common})
    else()
        message(FATAL_ERROR "krait_test ${arg_NAME}: needs SOURCES, SCRIPT or COMMAND")
    endif()
endfunction()
