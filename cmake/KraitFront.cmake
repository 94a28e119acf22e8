# SPDX-License-Identifier: Apache-2.0
# The front: what `krait` on PATH is. `krait run` and `krait python` are in it, everything else is in
# libexec/krait/krait-full, which it starts. The front is linked statically with musl, a C library that
# starts in no time: glibc asks the processor 43 times what it can, 4 us each in a virtual machine, and
# its loader adds as much again (docs/performance.md). So the front has a loader for .krt
# files of its own (host/front). Where musl is missing, `krait` is the whole program.
include(CheckCSourceCompiles)

set(KRAIT_FRONT AUTO CACHE STRING "a small static program in front, for fast starts: ON, OFF or AUTO")
set(KRAIT_MUSL "" CACHE PATH "prefix of musl (include, lib); empty: where distributions have it")

# Sets KRAIT_FRONT_COMPILE, KRAIT_FRONT_LINK and KRAIT_FRONT_END (options), or leaves them empty.
function(_krait_front_options)
    set(arch "${CMAKE_SYSTEM_PROCESSOR}")
    set(hints "/usr/include/${arch}-linux-musl" "/usr/lib/musl/include" "/usr/${arch}-linux-musl/include"
        "/usr/local/musl/include")
    set(libs "/usr/lib/${arch}-linux-musl" "/usr/lib/musl/lib" "/usr/${arch}-linux-musl/lib"
        "/usr/${arch}-linux-musl/lib64" "/usr/local/musl/lib")
    if(KRAIT_MUSL)
        set(hints "${KRAIT_MUSL}/include")
        set(libs "${KRAIT_MUSL}/lib")
    endif()
    find_path(KRAIT_MUSL_INCLUDE stdio.h PATHS ${hints} NO_DEFAULT_PATH)
    find_file(KRAIT_MUSL_LIBC libc.a PATHS ${libs} NO_DEFAULT_PATH)
    mark_as_advanced(KRAIT_MUSL_INCLUDE KRAIT_MUSL_LIBC)
    if(NOT KRAIT_MUSL_INCLUDE OR NOT KRAIT_MUSL_LIBC)
        return()
    endif()
    get_filename_component(lib "${KRAIT_MUSL_LIBC}" DIRECTORY)

    # The kernel's headers without the C library's, which lie in the same folder.
    set(kernel "${CMAKE_BINARY_DIR}/front/kernel")
    file(MAKE_DIRECTORY "${kernel}")
    find_path(KRAIT_KERNEL_INCLUDE linux/landlock.h)
    find_path(KRAIT_KERNEL_ASM asm/types.h PATHS "/usr/include/${arch}-linux-gnu")
    mark_as_advanced(KRAIT_KERNEL_INCLUDE KRAIT_KERNEL_ASM)
    if(NOT KRAIT_KERNEL_INCLUDE OR NOT KRAIT_KERNEL_ASM)
        return()
    endif()
    file(CREATE_LINK "${KRAIT_KERNEL_INCLUDE}/linux" "${kernel}/linux" SYMBOLIC)
    file(CREATE_LINK "${KRAIT_KERNEL_INCLUDE}/asm-generic" "${kernel}/asm-generic" SYMBOLIC)
    file(CREATE_LINK "${KRAIT_KERNEL_ASM}/asm" "${kernel}/asm" SYMBOLIC)

    # The compiler's own headers and start files.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        set(ask -print-file-name=include)
    else()
        set(ask -print-resource-dir)
    endif()
    foreach(pair "own;${ask}" "begin;-print-file-name=crtbeginS.o" "end;-print-file-name=crtendS.o")
        list(GET pair 0 name)
        list(GET pair 1 option)
        execute_process(COMMAND "${CMAKE_C_COMPILER}" ${option} OUTPUT_VARIABLE ${name}
            OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endforeach()
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
        string(APPEND own "/include")
    endif()
    # vfs/fs.h leaves <time.h> to <sys/stat.h>, which does not bring it here.
    set(KRAIT_FRONT_COMPILE -nostdinc "-isystem${KRAIT_MUSL_INCLUDE}" "-isystem${own}"
        "-isystem${kernel}" -include time.h PARENT_SCOPE)
    set(KRAIT_FRONT_LINK -nostdlib -static "-Wl,-pie,--no-dynamic-linker,--eh-frame-hdr,-z,text" "${lib}/rcrt1.o"
        "${lib}/crti.o" "${begin}" PARENT_SCOPE)
    set(KRAIT_FRONT_END -Wl,--start-group -lgcc -lgcc_eh "${KRAIT_MUSL_LIBC}" -Wl,--end-group "${end}"
        "${lib}/crtn.o" PARENT_SCOPE)
endfunction()

# Sets KRAIT_HAS_FRONT, and the options above.
function(_krait_front_check)
    set(KRAIT_HAS_FRONT OFF PARENT_SCOPE)
    if(KRAIT_SANITIZE OR KRAIT_FUZZ OR KRAIT_FRONT STREQUAL "OFF")
        return()
    endif()
    _krait_front_options()
    if(KRAIT_FRONT_LINK)
        try_compile(works "${CMAKE_BINARY_DIR}/front/check"
            SOURCES "${PROJECT_SOURCE_DIR}/cmake/front-check.c"
            COMPILE_DEFINITIONS ${KRAIT_FRONT_COMPILE} -fPIE -D_GNU_SOURCE=1
            LINK_OPTIONS ${KRAIT_FRONT_LINK}
            LINK_LIBRARIES ${KRAIT_FRONT_END}
            OUTPUT_VARIABLE output)
    endif()
    if(works)
        set(KRAIT_HAS_FRONT ON PARENT_SCOPE)
        foreach(name COMPILE LINK END)
            set(KRAIT_FRONT_${name} "${KRAIT_FRONT_${name}}" PARENT_SCOPE)
        endforeach()
    elseif(KRAIT_FRONT STREQUAL "AUTO")
        message(STATUS "cli: no musl that can be linked; `krait` is one program and starts slower")
    else()
        message(FATAL_ERROR "KRAIT_FRONT=ON needs musl (Debian: musl-dev):\n${output}")
    endif()
endfunction()

# krait_add_front(SOURCES file...): the target krait, of these sources, host/ and aot/.
function(krait_add_front)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES")
    get_property(layers GLOBAL PROPERTY KRAIT_LAYERS)
    list(REMOVE_ITEM layers krait_layer_pool)
    set(sources "")
    foreach(target IN LISTS layers ITEMS krait_aot)
        get_target_property(more ${target} SOURCES)
        list(APPEND sources ${more})
    endforeach()
    # What takes the place of the system's loader.
    list(FILTER sources EXCLUDE REGEX "/host/engine/object\\.c$")
    file(GLOB front CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/host/front/*.c")
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        list(FILTER front EXCLUDE REGEX "_x86_64\\.c$")
    endif()
    get_target_property(folder krait_aot BINARY_DIR)
    set_source_files_properties("${folder}/aot_text.c" PROPERTIES GENERATED TRUE)
    # These are what the compiler turns loops into.
    set_source_files_properties("${PROJECT_SOURCE_DIR}/host/front/bytes_x86_64.c" PROPERTIES
        COMPILE_OPTIONS "-ffreestanding;-fno-stack-protector;-O2")

    add_executable(krait ${arg_SOURCES} ${sources} ${front})
    add_dependencies(krait krait_aot krait_full)
    # The options say all of it.
    set_property(TARGET krait PROPERTY POSITION_INDEPENDENT_CODE)
    target_include_directories(krait PRIVATE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/cli"
        "${PROJECT_SOURCE_DIR}/host" "${PROJECT_SOURCE_DIR}")
    target_compile_definitions(krait PRIVATE KRAIT_STATIC_PROGRAM=1 KRAIT_FRONT=1 KRAIT_BUILDING=1)
    target_compile_options(krait PRIVATE
        "$<$<COMPILE_LANGUAGE:C>:${KRAIT_FRONT_COMPILE}>" -fPIE -fasynchronous-unwind-tables
        -ffunction-sections -fdata-sections)
    target_link_libraries(krait PRIVATE krait_flags ${KRAIT_FRONT_END})
    target_link_options(krait PRIVATE ${KRAIT_FRONT_LINK} -Wl,--gc-sections)
    krait_feature_macros(krait TRUE)
endfunction()

_krait_front_check()
