# SPDX-License-Identifier: Apache-2.0
#
# --from: a python.wasm that somebody else built, alone, in a folder with its library or in an
# archive, becomes a tree like ours: checksum, imports, a run. POSIX sh, sourced by make-python.
#
# Known forms: FILE.wasm; a folder or .tar, .tar.gz, .tgz, .tar.xz, .zip with python*.wasm on top or in
# bin/, and usr/local/lib (or the prefix) beside. Nothing in it is trusted before the checks: an archive
# may hold only files, folders and links that stay inside.

stage_prebuilt() {
    [ -e "$from" ] || die "'$from' does not exist (--from)"
    find_krait || die "--from needs krait itself, to check and to run it: $krait_lack"
    [ -n "$out" ] || out=$PWD/build-output/python/prebuilt
    replaceable || die "'$out' exists and was not made by krait build-python: not replaced"
    mkdir -p "$(dirname "$out")" || die "cannot create '$(dirname "$out")'"
    new=$out.new.$$
    rm -rf "$new"
    mkdir -p "$new/bin" || die "cannot write '$new'"
    if [ -d "$from" ]; then
        take_folder "$from"
    else
        check_sum "$from"
        case $from in
        *.tar | *.tar.gz | *.tgz | *.tar.xz | *.tar.bz2 | *.zip) take_archive ;;
        *) cp "$from" "$new/bin/python.wasm" || die "cannot read '$from'" ;;
        esac
    fi
    check_imports
    cat >"$new/MANIFEST.json" <<END
{
  "format": 1,
  "name": "python",
  "flavour": "prebuilt",
  "from": "$(printf %s "${from##*/}" | tr -d '"\\\\' | tr -c 'A-Za-z0-9._+-' _)",
  "checksum": "$checked"
}
END
    flavor=prebuilt
    (cd "$new" && find . -type f ! -name SHA256SUMS ! -name .krait-key | sed 's:^\./::' | sort |
        while IFS= read -r file; do sha256sum -- "$file"; done >SHA256SUMS) || die "cannot write '$new'"
    prebuilt=$out
    out=$new
    prove_prebuilt || die "'$from' did not pass: nothing was staged"
    out=$prebuilt
    put_in_place
}

# check_sum FILE: --sha256, else FILE.sha256 beside it; without either the sum is said.
checked=none
check_sum() {
    found=$(sha256sum <"$1" 2>/dev/null | cut -d' ' -f1)
    [ -r "$1" ] || die "cannot read '$1'"
    expected=$sha256
    if [ -z "$expected" ] && [ -r "$1.sha256" ]; then
        expected=$(sed -n '1s/^\([0-9a-f]\{64\}\).*/\1/p' "$1.sha256")
        [ -n "$expected" ] || die "'$1.sha256' holds no checksum"
    fi
    if [ -z "$expected" ]; then
        say "no checksum was given for '$1'; it has sha256 $found"
    elif [ "$expected" = "$found" ]; then
        checked=$found
    else
        say "wrong checksum: '$1'"
        say "  expected sha256 $expected"
        die "  found    sha256 $found; nothing was staged"
    fi
}

take_folder() {
    if [ -r "$1/SHA256SUMS" ]; then
        (cd "$1" && sha256sum -c --quiet SHA256SUMS) >"$run/sums" 2>&1 || {
            say "wrong checksum: '$from' is not what its SHA256SUMS says:"
            grep -v '^sha256sum: WARNING' "$run/sums" | head -n 5 | sed 's/^/krait:   /' >&2
            die "nothing was staged"
        }
        checked=SHA256SUMS
    fi
    program=
    for candidate in "$1/bin/python.wasm" "$1/python.wasm" "$1"/bin/python*.wasm "$1"/*python*.wasm; do
        if [ -f "$candidate" ] && [ -z "$program" ]; then program=$candidate; fi
    done
    [ -n "$program" ] || die "there is no python*.wasm in '$from' or its bin/"
    [ ! -d "$from" ] || [ "$checked" != none ] || check_sum "$program"
    cp "$program" "$new/bin/python.wasm" || die "cannot read '$program'"
    for part in usr opt include lib share; do
        [ ! -d "$1/$part" ] || cp -R --preserve=mode,timestamps,links "$1/$part" "$new/$part" || die "cannot read '$1/$part'"
    done
    bad=$(find "$new" ! -type f ! -type d ! -type l -print | head -n 1)
    [ -z "$bad" ] || die "'${bad#"$new/"}' in '$from' is no file, folder or link"
    bad=$(find "$new" -name '*
*' -print | tr '\n' '?' | cut -c1-200)
    [ -z "$bad" ] || die "'${bad#"$new/"}' in '$from' is no name of a file in a tree: it has several lines"
    # Also one that leads to nothing yet; the tree itself may lie behind links.
    real=$(readlink -m -- "$new")
    bad=$(find "$new" -type l | while IFS= read -r link; do
        aim=$(readlink -m -- "$link")
        case $aim in "$real"/*) ;; *) printf '%s\n' "$link" ;; esac
    done | head -n 1)
    [ -z "$bad" ] || die "the link '${bad#"$new/"}' in '$from' leads out of it"
}

take_archive() {
    mkdir "$run/unpacked" || die "cannot write '$run'"
    case $from in
    *.zip)
        command -v unzip >/dev/null || die "'$from' needs unzip (Debian package: unzip)"
        # It asks nobody: neither for a password nor whether a name may come twice.
        unzip -q -o -P none "$from" -d "$run/unpacked" >"$run/unpack" 2>&1 </dev/null
        ;;
    *) tar --force-local -xf "$from" -C "$run/unpacked" --no-same-owner >"$run/unpack" 2>&1 ;;
    esac || die "cannot unpack '$from': $(head -n 1 "$run/unpack")"
    top=$run/unpacked
    # Archives usually have one folder on top.
    [ "$(ls -A "$top" | wc -l)" -ne 1 ] || [ ! -d "$top/$(ls -A "$top")" ] || [ "$(ls -A "$top")" = bin ] ||
        top=$top/$(ls -A "$top")
    take_folder "$top"
}

# Only what every engine has may be asked for.
check_imports() {
    "$krait" inspect --json "$new/bin/python.wasm" >"$run/inspect" 2>"$run/why" || {
        sed 's/^krait: /krait:   /' "$run/why" >&2
        die "'$from' holds no WebAssembly module that can be used"
    }
    foreign=$(tr '{' '\n' <"$run/inspect" | sed -n 's/^"module":"\([^"]*\)","name":"\([^"]*\)".*/\1 \2/p' |
        grep -v '^wasi_snapshot_preview1 ' | sort -u)
    [ -z "$foreign" ] || {
        say "'$from' imports more than WASI preview 1:"
        printf '%s\n' "$foreign" | head -n 20 | sed 's/^/krait:   /' >&2
        die "other engines cannot run it; nothing was staged"
    }
}

prove_prebuilt() {
    # The library of the tree decides what the program is shown; the prefix may be any of ours.
    version=
    for place in "$new"/usr/local/lib/python3* "$new"/opt/wasi-python/lib/python3*; do
        [ -e "$place" ] || continue
        case $place in "$new"/opt/*) prefix=/opt/wasi-python ;; esac
    done
    if [ "$asked" = none ]; then
        stdlib=none
    elif [ -d "$new$prefix" ]; then
        stdlib=tree
    else
        stdlib=packed
    fi
    prove "$new" || {
        [ "$stdlib" = tree ] || say "without a library beside it only a program with one inside can run: --from the folder that has both, or with --stdlib none, which tries -V alone"
        return 1
    }
    version=$(sed -n '1s/^Python \([0-9.]*\).*/\1/p' "$run/first")
}
