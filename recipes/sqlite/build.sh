# SPDX-License-Identifier: Apache-2.0
#
# SQLite for the guest: FTS5, JSON, math functions, column metadata; one thread; extensions
# cannot be loaded. Upstream's archive has the amalgamation in it; from the full source tree
# (Debian's archive) it is made, which takes tclsh.
# sources: sqlite
# needs: wasi-libc
# inputs: guest/sqlite
# compiler: both

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

# USE_PREAD: one call instead of two per page. EXTRA_INIT: guest/sqlite/locks.c.
wasm_objects "-Isrc -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_ENABLE_FTS3 \
    -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_MATH_FUNCTIONS \
    -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_MAX_VARIABLE_NUMBER=250000 \
    -DSQLITE_DEFAULT_UNIX_VFS=\"unix\" -DUSE_PREAD -DHAVE_FDATASYNC=1 -DHAVE_USLEEP=1 \
    -DHAVE_ISNAN=1 -DHAVE_STRCHRNUL=1 -DHAVE_LOCALTIME_R=1 -DHAVE_GMTIME_R=1 \
    -DSQLITE_EXTRA_INIT=krait_sqlite_init" src/sqlite3.c "$KRAIT_ROOT/guest/sqlite/locks.c"
archive "$OUT/lib/libsqlite3.a" obj/sqlite3.o obj/locks.o
mkdir -p "$OUT/include"
cp src/sqlite3.h src/sqlite3ext.h "$OUT/include/"
