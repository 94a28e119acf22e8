# SPDX-License-Identifier: Apache-2.0
# cmake --install: program, libraries, headers, krait.pc, manual pages and the Python
# runtime. The result can be moved: everything is found relative to the program or the .pc.
include(GNUInstallDirs)

if(TARGET krait)
    install(TARGETS krait RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
if(TARGET krait_full)
    install(TARGETS krait_full RUNTIME DESTINATION libexec/krait)
endif()
if(TARGET krait_shared)
    install(TARGETS krait_shared krait_static
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    # The library looks for it from its own folder: ../libexec, or ../../libexec.
    install(TARGETS krait_worker RUNTIME DESTINATION libexec/krait)
    if(TARGET krait_process_program)
        install(TARGETS krait_process_program RUNTIME DESTINATION libexec/krait)
    endif()
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/krait"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")

    # From where the .pc lies back to the prefix, for lib/ and lib/x86_64-linux-gnu/ alike.
    file(RELATIVE_PATH KRAIT_PC_TO_PREFIX "/p/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/p")
    string(REGEX REPLACE "/$" "" KRAIT_PC_TO_PREFIX "${KRAIT_PC_TO_PREFIX}")
    configure_file(cmake/krait.pc.in krait.pc @ONLY)
    install(FILES "${CMAKE_BINARY_DIR}/krait.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
if(TARGET krait_aot)
    install(TARGETS krait_aot ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    configure_file(cmake/krait-aot.pc.in krait-aot.pc @ONLY)
    install(FILES "${CMAKE_BINARY_DIR}/krait-aot.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
if(TARGET krait)
    # What `krait build-python` reads and its front ends, in the order of the source tree.
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/recipes" "${PROJECT_SOURCE_DIR}/guest"
        "${PROJECT_SOURCE_DIR}/compat"
        DESTINATION share/krait USE_SOURCE_PERMISSIONS
        PATTERN "*.md" EXCLUDE PATTERN "__pycache__" EXCLUDE)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/krait" DESTINATION share/krait/include
        FILES_MATCHING PATTERN "*.h")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/tests/guest/" DESTINATION share/krait/tests/guest
        FILES_MATCHING PATTERN "imports*.txt" PATTERN "native" EXCLUDE)
endif()
if(TARGET krait_pack)
    install(TARGETS krait_pack ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    configure_file(cmake/krait-pack.pc.in krait-pack.pc @ONLY)
    install(FILES "${CMAKE_BINARY_DIR}/krait-pack.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()

file(GLOB _krait_man CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/man/*.1")
install(FILES ${_krait_man} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES "${PROJECT_SOURCE_DIR}/man/libkrait.3" DESTINATION "${CMAKE_INSTALL_MANDIR}/man3")
install(FILES LICENSE NOTICE DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(KRAIT_GUEST)
    # The program looks in ../lib/krait, whatever the library folder is called here.
    install(DIRECTORY "${KRAIT_RUNTIME_DIR}" DESTINATION lib/krait USE_SOURCE_PERMISSIONS
        PATTERN "python${KRAIT_PYTHON_VERSION}/test" EXCLUDE
        PATTERN ".krait-key" EXCLUDE)
    # Of the portable one, which need not have been built, what `krait pack` reads.
    install(DIRECTORY "${KRAIT_RUNTIME_DIR}-portable" DESTINATION lib/krait OPTIONAL
        USE_SOURCE_PERMISSIONS
        PATTERN "python${KRAIT_PYTHON_VERSION}/test" EXCLUDE
        PATTERN "include" EXCLUDE
        PATTERN "*.a" EXCLUDE
        PATTERN ".krait-key" EXCLUDE)
    # What `krait module` packs scripts into.
    install(DIRECTORY "${KRAIT_RUNTIME_DIR}-module" DESTINATION lib/krait OPTIONAL
        USE_SOURCE_PERMISSIONS
        PATTERN ".krait-key" EXCLUDE)
endif()

# For modules that link Python: examples/embed-wasm.
install(FILES cmake/wasm/wasm32-wasi.cmake DESTINATION lib/cmake/krait)
install(FILES cmake/wasm/Platform/WASI.cmake DESTINATION lib/cmake/krait/Platform)
