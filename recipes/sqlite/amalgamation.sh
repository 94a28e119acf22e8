# SPDX-License-Identifier: Apache-2.0
#
# sqlite3.c in src/, to be sourced by the recipes that compile it. Upstream's archive has the
# amalgamation in it; from the full source tree (Debian's archive) it is made, which takes
# tclsh.

unpack "$SRC_SQLITE" src --exclude=*/test
if [ ! -f src/sqlite3.c ]; then
    command -v tclsh >/dev/null || {
        echo "tclsh is missing (Debian package: tcl)"
        exit 1
    }
    mkdir amalgamation
    (
        cd amalgamation
        ../src/configure --disable-tcl --disable-readline CC="$BUILD_CC" CFLAGS=-O0
        make sqlite3.c sqlite3.h BCC="$BUILD_CC -O0"
    )
    cp amalgamation/sqlite3.c amalgamation/sqlite3.h amalgamation/sqlite3ext.h src/
fi
