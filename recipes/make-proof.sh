# SPDX-License-Identifier: Apache-2.0
#
# The proof at the end of every build: the program itself runs, on krait's own engine, with the
# library that was laid out. POSIX sh, sourced by make-python.
#
# Translated without optimisation, which takes half a minute of processor time; the translation
# stays in krait's cache of modules, so that only new programs cost that.

# find_krait: sets krait. KRAIT_PROGRAM is set by `krait build-python`; else the one that the
# checkout built, else one on PATH.
find_krait() {
    krait_lack="build it (./krait build-python does), or set KRAIT_PROGRAM"
    for krait in "${KRAIT_PROGRAM:-}" "$root/build/bin/krait" "$(command -v krait)"; do
        [ -z "$krait" ] || [ ! -x "$krait" ] || [ -d "$krait" ] || return 0
    done
    krait=
    return 1
}

# translated WASM: leaves the path of its translation in $krt: a runtime folder holds that.
translated() {
    store=$cache/build/proof
    mkdir -p "$store" || die "cannot write to the cache '$store'"
    krt=$store/$(sha256sum <"$1" | cut -c1-32).krt
    if [ -f "$krt" ] && "$krait" inspect "$krt" >/dev/null 2>&1; then return 0; fi
    # Those of programs that nobody builds any more.
    find "$store" -name '*.krt*' -mtime +14 -exec rm -f {} + 2>/dev/null
    step "$krait" compile -O 0 ${jobs:+--jobs "$jobs"} "$1" -o "$krt.$$" && mv -f "$krt.$$" "$krt"
}

# ran WORDS...: runs the program with the library granted; output in $run/said.
ran() {
    set -- run ${granted:+--dir "$granted"} "$program" "$@"
    KRAIT_OPT_LEVEL=0 "$krait" "$@" >"$run/said" 2>&1 </dev/null &
    child=$!
    wait "$child"
    ran_rc=$?
    child=
    [ $ran_rc -eq 0 ]
}

unproven() {
    say "$1 failed (exit status $ran_rc):"
    tail -n 20 "$run/said" | cut -c1-300 | sed 's/^/krait:   /' >&2
    return 1
}

# prove TREE
prove() {
    [ "$flavor" != native ] || { prove_native "$1"; return; }
    find_krait || {
        say "there is no krait to run the result with, so nothing proves that it works: $krait_lack"
        return 1
    }
    begun=$(date +%s)
    say "running it once"
    program=$1/bin/python.wasm
    granted=
    top=$1$prefix
    # Without a library of its own it gets the one that was built with it.
    [ "$stdlib" != none ] || top=${built:-$1}$prefix
    [ "$stdlib" = packed ] || [ ! -d "$top" ] || granted=$top::$prefix:ro
    ran -V || { unproven "python.wasm -V"; return 1; }
    cp "$run/said" "$run/first"
    said=$(cat "$run/said")
    case $said in
    "Python ${version:-}"*) ;;
    *)
        say "python.wasm -V said '$(printf %.60s "$said")', not 'Python ${version:-}'"
        return 1
        ;;
    esac
    if [ -n "$from" ] && [ "$stdlib" = none ]; then
        say "$said runs; without a library no more was tried"
        return 0
    fi
    ran -c "$(proof_code)" || { unproven "python.wasm -c"; return 1; }
    [ "$(tail -n 1 "$run/said")" = 42 ] || { ran_rc=0 && unproven "python.wasm -c"; return 1; }
    say "$said runs ($(($(date +%s) - begun)) s)"
}

# What is compiled in has to work, not only to be there. A tree from elsewhere may have less.
proof_code() {
    if [ -n "$from" ]; then
        printf 'import sys\nprint(6 * 7)\n'
        return
    fi
    cat <<'END'
import bz2, decimal, hashlib, json, lzma, sqlite3, sys, sysconfig, tracemalloc, zlib
import xml.etree.ElementTree as tree
for module in zlib, bz2, lzma:
    assert module.decompress(module.compress(b"krait" * 1000)) == b"krait" * 1000, module
database = sqlite3.connect(":memory:")
assert database.execute("select sum(value) from json_each('[40, 2]')").fetchone() == (42,)
database.close()
database.close()
assert str(decimal.Decimal(1) / 7).startswith("0.142857142857")
assert tree.fromstring("<a><b>42</b></a>").find("b").text == "42"
assert hashlib.sha256(b"").hexdigest().startswith("e3b0c442")
END
    if [ -n "${KRAIT_PYTHON_DEBUG:-}" ]; then
        printf 'assert sysconfig.get_config_var("Py_DEBUG") == 1 and hasattr(sys, "gettotalrefcount")\n'
    fi
    printf 'print(json.loads("42"))\n'
}

# The native flavor runs as Krait's own Python only: a runtime folder of it.
prove_native() {
    find_krait || {
        say "there is no krait to run the result with, so nothing proves that it works: $krait_lack"
        return 1
    }
    begun=$(date +%s)
    say "running it once"
    translated "$1/bin/python.wasm" || { say "krait cannot translate '$1/bin/python.wasm'"; return 1; }
    runtime=$run/runtime
    library=$1
    [ "$stdlib" != none ] || library=$built
    mkdir -p "$runtime" && cp "$krt" "$runtime/python.krt" && ln -s "$library/usr" "$runtime/usr" &&
        ln -s "$1/bin" "$runtime/bin" && cp "$1/MANIFEST.json" "$runtime/" || return 1
    for words in -V -c; do
        if [ $words = -V ]; then set -- -V; else set -- -c "$(proof_code)"; fi
        KRAIT_RUNTIME=$runtime KRAIT_SNAPSHOTS='' "$krait" python "$@" >"$run/said" 2>&1 </dev/null
        ran_rc=$?
        [ $ran_rc -eq 0 ] || { unproven "python.wasm $words"; return 1; }
    done
    [ "$(tail -n 1 "$run/said")" = 42 ] || { unproven "python.wasm -c"; return 1; }
    say "Python $version (native) runs ($(($(date +%s) - begun)) s)"
}
