# SPDX-License-Identifier: Apache-2.0
#
# SQLite for the guest: FTS5, JSON, math functions, column metadata; one thread; extensions
# cannot be loaded.
# sources: sqlite
# needs: wasi-libc
# inputs: guest/sqlite
# compiler: both

. "$RECIPE/amalgamation.sh"

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
