# SPDX-License-Identifier: Apache-2.0
#
# --dist: the tree as an archive for others, with what they have to know of its parts: NOTICE with
# the licences of everything inside, and an SBOM (CycloneDX 1.5). POSIX sh, sourced by make-python.
#
# The same tree gives the same archive: no times, no owners, entries in the order of their names.

make_archive() {
    name=krait-python-$version-$flavor
    place=$(dirname "$out")
    new=$run/$name
    cp -R --preserve=mode,links "$out" "$new" || die "cannot write '$new'"
    rm -f "$new/.krait-key"
    notice >"$new/NOTICE" || return 1
    helper_python || die "--dist of a tree from elsewhere needs a python3 on PATH, to write the SBOM"
    "$helper" -E -s "$own/make-sbom.py" "$new" "$version" "$flavor" || die "cannot write the SBOM"
    "$helper" -E -s "$own/python-opt/sums.py" "$new" || die "cannot write '$new'"
    (cd "$run" && tar --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX \
        --mtime=@"$(manifest_number "$new" source_date_epoch)" -cf - "$name") >"$run/dist.tar" &&
        gzip -n -9 <"$run/dist.tar" >"$place/$name.tar.gz" || die "cannot write '$place/$name.tar.gz'"
    (cd "$place" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256") || die "cannot write '$place/$name.tar.gz.sha256'"
    rm -rf "$new" "$run/dist.tar"
    say "wrote '$place/$name.tar.gz' ($(($(wc -c <"$place/$name.tar.gz") / 1000)) kB) and its checksum"
}

# The Python of the cross build, which is pinned; a tree from elsewhere has none.
helper_python() {
    [ -n "${helper:-}" ] || helper=$(command -v python3)
    [ -n "$helper" ]
}

manifest_number() {
    manifest_n=$(sed -n "s/^  \"$2\": \([0-9]*\),*\$/\1/p" "$1/MANIFEST.json")
    printf '%s' "${manifest_n:-0}"
}

notice() {
    cat <<END
CPython $version for WebAssembly, built by Krait ($flavor).

bin/python.wasm and the libraries contain code of these projects, each under its own licence.
SHA256SUMS lists every file, MANIFEST.json what it was built from, sbom.cdx.json the parts.
END
    find "$out/share/doc" -type f 2>/dev/null | sort | while IFS= read -r file; do
        short=${file#"$out/share/doc/"}
        printf '\n%s\n%s\n%s\n\n' "$(printf '%078d' 0 | tr 0 -)" "${short%%/*}: ${short#*/}" "$(printf '%078d' 0 | tr 0 -)"
        cat "$file"
    done
}
