# SPDX-License-Identifier: Apache-2.0
#
# expat for the guest. Its archive has no configure script, and there is little to find out:
# the answers are in the header below. CPython's pyexpat.c includes that header as well.
# sources: expat
# needs: wasi-libc

unpack "$SRC_EXPAT" src --exclude=*/testdata
mkdir -p "$OUT/include" "$OUT/lib"
cat >"$OUT/include/expat_config.h" <<'EOF'
/* Answers of expat's configure for wasm32-wasi. */
#ifndef EXPAT_CONFIG_H
#define EXPAT_CONFIG_H 1
#define BYTEORDER 1234
#define HAVE_GETENTROPY 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
#endif
EOF
lib=src/expat/lib
wasm_objects "-DNDEBUG -DHAVE_EXPAT_CONFIG_H -I$OUT/include" \
    $lib/xmlparse.c $lib/xmlrole.c $lib/xmltok.c $lib/random_getentropy.c
archive "$OUT/lib/libexpat.a" obj/*.o
cp $lib/expat.h $lib/expat_external.h "$OUT/include/"
licences src/expat/COPYING
