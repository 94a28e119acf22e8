# SPDX-License-Identifier: Apache-2.0
# krait_layer(NAME [GNU] [LIBS lib...] SOURCES file...)
#   One folder of host/ becomes one object library, krait_layer_NAME. GNU asks for
#   _GNU_SOURCE; without it a layer sees POSIX.1-2008 only. LIBS are system libraries.
# krait_finish_library()
#   Makes krait_static and krait_shared out of all layers (the objects are shared).
define_property(GLOBAL PROPERTY KRAIT_LAYERS BRIEF_DOCS "object libraries that make up libkrait")
define_property(GLOBAL PROPERTY KRAIT_LAYER_LIBS BRIEF_DOCS "system libraries of libkrait")

# Feature test macros: never from a source file, so that one place decides.
function(krait_feature_macros target gnu)
    if(gnu)
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE=1)
    else()
        target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L)
    endif()
endfunction()

function(krait_layer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GNU" "" "SOURCES;LIBS")
    if(NOT arg_SOURCES)
        message(STATUS "layer ${name}: no sources yet")
        return()
    endif()
    set(target krait_layer_${name})
    add_library(${target} OBJECT ${arg_SOURCES})
    target_include_directories(${target} PRIVATE
        "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/host")
    target_link_libraries(${target} PRIVATE krait_flags)
    target_compile_definitions(${target} PRIVATE KRAIT_BUILDING=1)
    krait_feature_macros(${target} "${arg_GNU}")
    set_property(GLOBAL APPEND PROPERTY KRAIT_LAYERS ${target})
    set_property(GLOBAL APPEND PROPERTY KRAIT_LAYER_LIBS ${arg_LIBS})
endfunction()

function(krait_finish_library)
    get_property(layers GLOBAL PROPERTY KRAIT_LAYERS)
    get_property(libs GLOBAL PROPERTY KRAIT_LAYER_LIBS)
    if(NOT layers)
        return()
    endif()
    set(objects "")
    foreach(layer IN LISTS layers)
        list(APPEND objects $<TARGET_OBJECTS:${layer}>)
    endforeach()
    set(map "${PROJECT_SOURCE_DIR}/cmake/libkrait.map")

    add_library(krait_static STATIC ${objects})
    add_library(krait_shared SHARED ${objects})
    foreach(target krait_static krait_shared)
        set_target_properties(${target} PROPERTIES OUTPUT_NAME krait LINKER_LANGUAGE C)
        target_include_directories(${target} INTERFACE
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
        target_link_libraries(${target} PUBLIC ${libs} PRIVATE $<BUILD_INTERFACE:krait_flags>)
    endforeach()
    # docs/abi.md: before 1.0 each minor version has an ABI of its own.
    set(soversion ${PROJECT_VERSION_MAJOR})
    if(soversion EQUAL 0)
        set(soversion 0.${PROJECT_VERSION_MINOR})
    endif()
    set_target_properties(krait_shared PROPERTIES
        VERSION ${PROJECT_VERSION} SOVERSION ${soversion} LINK_DEPENDS "${map}")
    target_link_options(krait_shared PRIVATE "-Wl,--version-script=${map}")
    if(NOT KRAIT_SANITIZE)
        target_link_options(krait_shared PRIVATE -Wl,--no-undefined)
    endif()
endfunction()
