# SPDX-License-Identifier: Apache-2.0
#
# The cache of built results. POSIX sh, to be sourced; the caller provides say(), and sets
# $cache (the folder), $root (the repository), $lock and $run (temporary files of this run).
#
#   $cache/build/NAME-KEY/     a whole result: it gets this name when it is complete
#   $cache/build/tmp/          results in the making; a leftover of a dead build is removed
#   $cache/build/lock/         one lock file per result, held by its builder (flock); its time is that of the last use
#   $cache/build/log/          the output of the builds
#
# KEY is a hash over everything that the result depends on: the recipe's files, lib.sh, the
# lines of the lock, compiler and flags, variables that it names as knobs, and the keys of the recipes that it needs.

store_dir=$cache/build

# What Debian calls this machine: there are sources that are programs for it.
case $(uname -m) in
x86_64) store_machine=amd64 ;;
aarch64) store_machine=arm64 ;;
*) store_machine=$(uname -m | tr A-Z_ a-z-) ;;
esac

hash16() { sha256sum | cut -c1-16; }

# recipe_field NAME FIELD: the words after "# FIELD:" on top of a recipe.
recipe_field() {
    sed -n "/^[^#]/q;s/@MACHINE@/$store_machine/g;s/^# $2: *//p" "$recipes/$1/build.sh"
}

# The files of a recipe and the other files of the repository that it reads; of the folders
# that are for one version of CPython each only that of this run. The lock goes in by its lines.
recipe_files() {
    {
        find "$recipes/$1" -type f ! -name '*.pyc' ! -name '*~'
        # Python may have left byte code beside any of them.
        for store_in in $(recipe_field "$1" inputs); do
            find "$root/$store_in" -type f ! -name '*.pyc' ! -name '*~'
        done
    } | grep -v -e '/sources\.lock$' | awk -v own="/${KRAIT_PYTHON_LINE:-3.13}/" '
        /^.*\/recipes\/[a-z-]*\/[0-9]+\.[0-9]+\// && !index($0, own) { next }
        { print }' | sort
}

# The line of the lock that holds for a source in this run.
source_line() {
    awk -v n="$1" -v v="$(cat "$run/version.$1" 2>/dev/null)" '$1 == n && (v == "" || $2 == v) {
        print; exit }' "$lock"
}

# key_text NAME: what the key is made of. It is kept beside the log, so that two keys can be
# compared. Keys of the recipes that it needs are in $run already.
key_text() {
    printf 'recipe %s\nformat 1\n' "$1"
    printf 'file lib.sh %s\n' "$(hash16 <"$recipes/lib.sh")"
    recipe_files "$1" | while IFS= read -r store_f; do
        printf 'file %s %s\n' "${store_f#"$root/"}" "$(hash16 <"$store_f")"
    done
    for store_s in $(recipe_field "$1" sources); do
        printf 'source %s\n' "$(source_line "$store_s" | tr -s ' ')"
    done
    case $(recipe_field "$1" compiler) in
    native) printf 'compiler %s\n' "$BUILD_CC_ID" ;;
    both) printf 'compiler %s\ncompiler %s\ntarget %s\n' "$BUILD_CC_ID" "$CC_ID" "$TARGET" ;;
    none) ;;
    *) printf 'compiler %s\ntarget %s\n' "$CC_ID" "$TARGET" ;;
    esac
    for store_v in $(recipe_field "$1" knobs); do
        eval "store_x=\${$store_v:-}"
        [ -z "$store_x" ] || printf 'knob %s %s\n' "$store_v" "$store_x"
    done
    for store_n in $(recipe_field "$1" needs); do
        printf 'needs %s %s\n' "$store_n" "$(cat "$run/key.$store_n")"
    done
}

# compute_key NAME: leaves it in $run/key.NAME, after those of what NAME needs.
compute_key() {
    [ ! -f "$run/key.$1" ] || return 0
    [ -f "$recipes/$1/build.sh" ] || { say "there is no recipe '$1'"; return 1; }
    for store_k in $(recipe_field "$1" needs); do
        compute_key "$store_k" || return 1
    done
    key_text "$1" >"$run/keytext.$1" || return 1
    hash16 <"$run/keytext.$1" >"$run/key.$1"
}

result_dir() { printf '%s/%s-%s' "$store_dir" "$1" "$(cat "$run/key.$1")"; }

# Nothing can be built without a place for it.
store_writable() {
    case $cache in
    *[!A-Za-z0-9_./+,@:=-]*)
        # configure scripts and makefiles break on blanks and shell characters.
        say "the cache '$cache' has characters in its path that upstream's makefiles cannot take"
        say "set KRAIT_CACHE to a path of letters, digits and _ . / + , @ : = -"
        return 1
        ;;
    esac
    case $root in
    *[!A-Za-z0-9_./+,@:=-]*)
        say "the recipes are in '$root', a path with characters that upstream's makefiles cannot take"
        return 1
        ;;
    esac
    if mkdir -p "$store_dir/tmp" "$store_dir/lock" "$store_dir/log" 2>/dev/null &&
        : 2>/dev/null >"$store_dir/tmp/.probe.$$" && rm -f "$store_dir/tmp/.probe.$$"; then
        return 0
    fi
    say "cannot write to the cache '$store_dir'"
    say "set KRAIT_CACHE to a folder that can be written"
    return 1
}

# Removes what builds that are dead left behind: nobody holds their lock.
store_sweep() {
    for store_t in "$store_dir/tmp"/*-*.*; do
        [ -d "$store_t" ] || continue
        store_l=${store_t##*/}
        (
            exec 7>>"$store_dir/lock/${store_l%.*}" && flock -n 7 && rm -rf "$store_t"
        ) 2>/dev/null
    done
}

# The results that this run has a key for are wanted: their locks are as old as this run.  Who may only read the cache
# cannot say so, and no error comes of that: one that others read is kept with KRAIT_CACHE_DAYS=0 by its owner, whose
# builds would remove what only they use.
store_used() {
    set --
    for store_u in "$run"/key.*; do
        store_u=$(result_dir "${store_u##*/key.}")
        set -- "$@" "$store_dir/lock/${store_u##*/}"
    done
    touch -c -- "$@" 2>/dev/null || :
}

# Nobody else may be at a result while it is renamed; what it is afterwards is nobody's.
store_remove() {
    mv -- "$store_dir/$1" "$store_dir/tmp/$1.$$" && rm -rf "$store_dir/tmp/$1.$$"
}

# Removes results that nothing has wanted for $1 days, one line of stdout for each.
store_expire() {
    find "$store_dir/lock" -type f -mtime "+$1" | while IFS= read -r store_l; do
        store_r=${store_l##*/}
        [ -d "$store_dir/$store_r" ] || continue
        (
            # Somebody may have begun to use it in the meantime.
            exec 7>>"$store_l" && flock -n 7 && [ -n "$(find "$store_l" -mtime "+$1")" ] &&
                store_remove "$store_r" && rm -f "$store_dir/log/$store_r".* && printf '%s\n' "$store_r"
        )
    done
}
