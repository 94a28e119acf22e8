# SPDX-License-Identifier: Apache-2.0
# Packed files as programs see them, on every engine that is here.
foreach(suite files host memory start reactor damage)
    krait_test(NAME pack.guest-${suite} SCRIPT guest.py ARGS ${suite} GUEST TIMEOUT 600
        ENV "PYTHONPATH=${CMAKE_CURRENT_SOURCE_DIR}")
endforeach()
