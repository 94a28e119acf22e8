# SPDX-License-Identifier: Apache-2.0
#
# What a recipe may call. POSIX sh; one.sh sources this, then the recipe, with set -eu, in an
# empty folder $WORK. Every result depends on the text of this file.
#
#   SRC_NAME VERSION_NAME SUM_NAME   archive of a source, its version and SHA-256
#   DEP_NAME                         result of a recipe that this one needs
#   OUT JOBS RECIPE CC AR NM RANLIB BUILD_CC TARGET BUILTINS
#
# A recipe starts with "# needs:", "# sources:", "# inputs:" and "# compiler:" lines.

# Features that every engine has; spelled out because the compilers' defaults differ.
wasm_features="-mbulk-memory -mnontrapping-fptoint -msign-ext -mmutable-globals"

# -g0: the code is debugged through the name section.
wasm_cflags="-O3 -g0 $wasm_features"

# Keeps this machine's paths out of the result (__FILE__).
wasm_maps="-ffile-prefix-map=$WORK=. -ffile-prefix-map=$OUT=. -ffile-prefix-map=$KRAIT_ROOT=."

# The compiler with its target and C library, as upstream's build systems want it in CC.
if [ -n "${DEP_WASI_LIBC:-}" ]; then
    wasm_cc="$CC --target=$TARGET --sysroot=$DEP_WASI_LIBC"
fi

# unpack ARCHIVE DIR [TAR-OPTION...]: without the archive's own top folder.
unpack() {
    mkdir -p "$2"
    unpack_to=$2
    unpack_from=$1
    shift 2
    tar -xf "$unpack_from" -C "$unpack_to" --strip-components=1 --no-same-owner "$@"
}

# apply_patches DIR: our own changes to an upstream source, in the order of their names.
apply_patches() {
    for patch_file in "$RECIPE"/patches/*.patch; do
        [ -f "$patch_file" ] || continue
        echo "== $patch_file"
        patch -d "$1" -p1 -f -s <"$patch_file"
    done
}

# wasm_objects FLAGS FILE...: compiles C files to obj/, as many at once as there are jobs.
wasm_objects() {
    mkdir -p obj
    wasm_flags=$1
    shift
    printf '%s\n' "$@" | xargs -P "$JOBS" -I '{}' sh -ec '
        o=obj/$(basename "$2" .c).o
        echo "$1 -c $2 -o $o"
        exec $1 -c "$2" -o "$o"' sh "$wasm_cc $wasm_cflags $wasm_maps $wasm_flags" '{}'
}

# function_answers CONFIGURE NM-OPTION LIBRARY...: prints what the script's AC_CHECK_FUNC
# questions would find out by linking a program each: whether the libraries define it.
# For CPython they are 226 of its 720 compilations, and the answers were the same ones.
function_answers() {
    answers_for=$1
    shift
    {
        "$NM" --defined-only "$@" 2>/dev/null | awk 'NF == 3 { sub(/@.*/, "", $3); print "have", $3 }'
        sed -n 's/.*ac_fn_c_check_func "$LINENO" "\([A-Za-z0-9_]*\)" "ac_cv_func_\1".*/want \1/p' "$answers_for"
    } | awk '$1 == "have" { have[$2] = 1; n++; next }
        n > 0 && !seen[$2]++ { print "ac_cv_func_" $2 "=" (have[$2] ? "yes" : "no") }'
}

# licences FILE...: goes with the result to whoever gets it.
licences() {
    mkdir -p "$OUT/share/doc/$NAME"
    cp "$@" "$OUT/share/doc/$NAME/"
}

# archive LIB FILE...: a static library with the same bytes for the same members.
archive() {
    rm -f "$1"
    mkdir -p "$(dirname "$1")"
    "$AR" rcsD "$@"
}
