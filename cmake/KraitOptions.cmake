# SPDX-License-Identifier: Apache-2.0
# Every option of the build, in one place.
include(ProcessorCount)
ProcessorCount(_krait_cpus)
if(_krait_cpus EQUAL 0)
    set(_krait_cpus 1)
endif()

option(KRAIT_WERROR "warnings are errors" OFF)
option(KRAIT_HARDEN "hardening flags for the host parts" ON)
option(KRAIT_TESTS "build the tests" ON)
option(KRAIT_REQUIRE_ALL "a test that cannot run fails instead of being skipped" OFF)
option(KRAIT_FUZZ "build libFuzzer programs from tests/fuzz; needs clang" OFF)
option(KRAIT_GUEST "build CPython for the sandbox; OFF builds the host parts only" ON)
set(KRAIT_TEST_RUNTIME "" CACHE PATH "Python runtime that tests of the C API use with KRAIT_GUEST=OFF")
set(KRAIT_SANITIZE "" CACHE STRING "sanitizers for the host parts, e.g. address,undefined or thread")
set(KRAIT_SOURCES "" CACHE PATH "folder that holds the upstream archives: no network is used")
set(KRAIT_JOBS "${_krait_cpus}" CACHE STRING "parallel jobs inside the steps that build the guest")
set(KRAIT_OPT_LEVEL "" CACHE STRING "optimisation of the translated CPython; 1 suits development; empty: 2")
set(KRAIT_PYTHON_VERSION "3.13" CACHE STRING "CPython version that is built for the sandbox")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()

# The build tree has the layout of an installation, so the program finds its
# runtime (../lib/krait/...) in both in the same way.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(KRAIT_RUNTIME_DIR "${CMAKE_BINARY_DIR}/lib/krait/python${KRAIT_PYTHON_VERSION}")
