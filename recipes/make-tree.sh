# SPDX-License-Identifier: Apache-2.0
#
# The tree that `krait build-python` hands over: a recipe's result with the standard library in the
# form that was asked for. POSIX sh, sourced by make-python. docs/building-the-guest.md shows what
# is in it.

# --- sources of the user --------------------------------------------------------------

# pack_source: makes an archive of a source tree in the cache, so that it is built like any other.
# The same files give the same archive wherever and whenever they lie: owners, modes of groups,
# times and the order are fixed. Sets python, sha256 and archive.
pack_source() {
    [ -d "$source" ] || die "'$source' is not a folder (--source)"
    head=$source/Include/patchlevel.h
    [ -r "$head" ] || die "'$source' is no source tree of CPython: there is no Include/patchlevel.h in it"
    python=$(awk '$1 == "#define" && $2 ~ /^PY_(MAJOR|MINOR|MICRO)_VERSION$/ { v = v (v == "" ? "" : ".") $3 }
        END { print v }' "$head")
    known_line
    for made in Makefile pyconfig.h; do
        [ ! -e "$source/$made" ] || die "'$source' was configured in place ($made): run 'make distclean' there first"
    done
    when=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct 2>/dev/null)}
    when=${when:-$(date -r "$head" +%s)}
    mkdir -p "$cache/src" || die "cannot write to the cache '$cache'"
    (
        cd "$source" && tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
            --mtime="@$when" --exclude-vcs --exclude=__pycache__ --transform='s,^\.,source,' -cf - .
    ) >"$run/source.tar" || die "cannot read all of '$source'"
    gzip -n -1 <"$run/source.tar" >"$run/source.gz" || die "cannot write '$run/source.gz'"
    sha256=$(sha256sum <"$run/source.gz" | cut -d' ' -f1)
    archive=python-$python-$(printf %.12s "$sha256").local.tar.gz
    if [ ! -f "$cache/src/$archive" ]; then
        cp "$run/source.gz" "$cache/src/$archive.$$" && mv -f "$cache/src/$archive.$$" "$cache/src/$archive" ||
            die "cannot write '$cache/src/$archive'"
    fi
    rm -f "$run/source.gz" "$run/source.tar"
}

# --- the tree -------------------------------------------------------------------------

# replaceable: 0 when $out may be replaced: it is not there, empty, or ours.
replaceable() {
    [ -e "$out" ] && [ ! -f "$out/.krait-key" ] || return 0
    listed=$(ls -A "$out" 2>/dev/null) && [ -z "$listed" ]
}

# build_tree: makes $new, which becomes $out by put_in_place.
build_tree() {
    recipes ${anew:+--clean} ${verbose:+--verbose} "$target" build-python || return 1
    built=$(sed -n 1p "$run/step")
    helper=$(sed -n 2p "$run/step")/bin/python3
    version=$(manifest_field "$built" version)
    [ -n "$out" ] || out=$PWD/build-output/python/v$version$([ "$flavor" = portable ] || printf %s "-$flavor")
    replaceable || die "'$out' exists and was not made by krait build-python: not replaced"
    mkdir -p "$(dirname "$out")" || die "cannot create '$(dirname "$out")'"
    new=$out.new.$$
    rm -rf "$new"
    cp -R --preserve=mode,timestamps,links --reflink=auto "$built" "$new" || die "cannot write '$new'"
    lay_out_library || return 1
    "$helper" -E -s "$own/python-opt/sums.py" "$new" \
        "stdlib=\"$stdlib\"" "compile_stdlib=$([ "$compile" = yes ] && echo true || echo false)" ||
        die "cannot write the manifest of '$new'"
}

# put_in_place: $new becomes $out.
put_in_place() {
    sha256sum <"$new/SHA256SUMS" | cut -c1-64 >"$new/.krait-key" || die "cannot write '$new'"
    rm -rf "$out.old.$$"
    [ ! -e "$out" ] || mv -- "$out" "$out.old.$$" || die "cannot replace '$out'"
    mv -- "$new" "$out" || die "cannot write '$out'"
    rm -rf "$out.old.$$"
}

# A text field of the manifest, which is written one per line.
manifest_field() {
    sed -n "s/^  \"$2\": \"\([^\"]*\)\",*\$/\1/p" "$1/MANIFEST.json"
}

# The library as the program finds it without being told: usr/local/lib below the root.
lay_out_library() {
    x=${version%.*}
    lib=$new$prefix/lib
    zip=$lib/python$(printf %s "$x" | tr -d .).zip
    # Files have the time of the release: packed ones keep theirs, and two builds have the same.
    epoch=$(manifest_number "$new" source_date_epoch)
    find "$new" -exec touch -h -d "@$epoch" {} +
    case $stdlib in
    zip)
        [ "$compile" = yes ] || repack_zip || return 1
        # What CPython looks for to know where it is.
        find "$lib/python$x" -mindepth 1 -maxdepth 1 ! -name os.py ! -name lib-dynload -exec rm -rf {} +
        ;;
    tree)
        rm -f "$zip"
        [ "$compile" = yes ] || find "$lib/python$x" -name __pycache__ -exec rm -rf {} +
        ;;
    packed) pack_library || return 1 ;;
    none) rm -rf "$zip" "$lib/python$x" ;;
    esac
    if [ -n "$tests" ]; then
        mv "$new/usr/local/share/krait/test-lib/test" "$lib/python$x/test" || return 1
    fi
    [ "$flavor" = test ] || rm -rf "$new/usr/local/share/krait"
    find "$new" -depth -type d -empty -exec rmdir {} \; 2>/dev/null
    [ -d "$new" ]
}

# The zip with sources in the place of byte code.
repack_zip() {
    "$helper" -E -s "$own/make-zip.py" "$zip" "$lib/python$x" || die "cannot write '$zip'"
}

# place_byte_code DIR: DIR/X.pyc in the place of DIR/X.py, from its __pycache__.
place_byte_code() {
    find "$1" -path '*/__pycache__/*.cpython-*.pyc' | while IFS= read -r code; do
        name=${code##*/}
        name=${code%/__pycache__/*}/${name%.cpython-*}
        mv -- "$code" "$name.pyc" && rm -f -- "$name.py"
    done
    find "$1" -depth -name __pycache__ -exec rm -rf {} \;
}

# krait pack compiles the library itself, and puts it where Python looks for it: /usr/local. For
# another place it is a folder of data like any other, with byte code in the place of the sources.
pack_library() {
    find_krait || die "--stdlib packed needs krait itself, for krait pack: $krait_lack"
    "$krait" pack --help >/dev/null 2>&1 ||
        die "--stdlib packed is missing: this krait has no krait pack; take zip, tree or none"
    if [ "$prefix" = /usr/local ]; then
        set -- --python "$new" --sources "$([ "$compile" = yes ] && echo none || echo only)"
    else
        [ "$compile" != yes ] || place_byte_code "$lib/python$x"
        find "$lib/python$x" -name __pycache__ -exec rm -rf {} + 2>/dev/null
        find "$lib" -type d -exec touch -d "@$epoch" {} +
        set -- --python "$new/bin/python.wasm" --stdlib no --add "$lib/python$x::$prefix/lib/python$x"
    fi
    SOURCE_DATE_EPOCH=$epoch
    export SOURCE_DATE_EPOCH
    step "$krait" pack "$@" -o "$new/packed.wasm" || die "krait pack failed (exit status $step_rc)"
    mv -f "$new/packed.wasm" "$new/bin/python.wasm" || return 1
    rm -rf "$zip" "$lib/python$x"
}

# BUILD_PYTHON_DIR: the Python of this machine that the cross build used, for who wants to use it.
deliver_build_python() {
    [ -n "${BUILD_PYTHON_DIR:-}" ] || return 0
    recipes --out "$BUILD_PYTHON_DIR" build-python || exit 1
}
