# SPDX-License-Identifier: Apache-2.0
# compat/Containerfile without a container engine: it is what tools/packages.txt asks for, each of
# its steps is run with a folder in the place of the root and apt-get only simulated, and what it
# installs is all that the front ends look for. So much of 001-container, 004-image and 004-container;
# 002-packages is the list.
. "$KRAIT_SOURCE_DIR/tests/support/lib.sh"
file=$KRAIT_SOURCE_DIR/compat/Containerfile
check "it is what packages.txt asks for" python3 "$KRAIT_SOURCE_DIR/tools/make-containerfile.py" --check
same "its instructions" "$(sed -n 's/^\([A-Z][A-Z]*\) .*/\1/p' "$file" | tr '\n' ' ')" "FROM RUN RUN ENV "

# Programs that a step may call, with every absolute path moved below $T/root. Nothing else is on PATH.
mkdir -p "$T/bin" "$T/root/var/lib/apt/lists" "$T/root/var/cache"
touch "$T/root/var/lib/apt/lists/old"
for program in rm mkdir; do
    cat >"$T/bin/$program" <<END
#!/bin/sh
for word do
    shift
    case \$word in /*) word=$T/root\$word ;; esac
    set -- "\$@" "\$word"
done
exec $(command -v $program) "\$@"
END
done
cat >"$T/bin/apt-get" <<END
#!/bin/sh
case "\$*" in
update) : >"$T/root/var/lib/apt/lists/new" ;;
"install -y --no-install-recommends "*)
    shift 3
    # Without lists nothing can be installed.
    [ -f "$T/root/var/lib/apt/lists/new" ] || exit 100
    printf '%s\n' "\$@" >"$T/installed"
    ;;
*) exit 100 ;;
esac
END
chmod +x "$T/bin"/*

# The instructions, one on a line; a RUN of several lines is joined.
sed -e '/^#/d' -e ':a' -e '/\\$/{N;s/\\\n/ /;ba' -e '}' "$file" >"$T/steps"
cache=
while IFS=' ' read -r word rest; do
    case $word in
    FROM) same "a plain image" "$rest" debian:13 ;;
    # A glob has to be expanded in the moved root, as the engine's would be in the image.
    RUN)
        rest=$(printf '%s\n' "$rest" | sed "s,/var/lib/apt/lists/\*,/var/lib/apt/lists/old /var/lib/apt/lists/new,")
        check "RUN $rest" env -i PATH="$T/bin" /bin/sh -euc "$rest"
        ;;
    ENV) cache=${rest#KRAIT_CACHE=} ;;
    *) failed "an instruction that is not known: $word" ;;
    esac
done <"$T/steps"
same "no lists are left" "$(ls "$T/root/var/lib/apt/lists")" ""
same "the cache is a folder that everybody may write" "$(stat -c %a "$T/root$cache")" 1777

# The names are packages, where apt knows this clang at all.
if command -v apt-get >/dev/null && apt-cache show clang-19 >/dev/null 2>&1; then
    # shellcheck disable=SC2046 # names
    check "apt-get would install them" apt-get -s -y --no-install-recommends install $(cat "$T/installed")
else
    printf 'apt here has no clang-19: whether the names are packages was not asked\n'
fi
# All that the launcher would ask for in the stage "build".
pk_dir=$KRAIT_SOURCE_DIR/tools
say() { printf '%s\n' "$*"; }
. "$pk_dir/packages.sh"
pk_found() { return 1; }
same "nothing that a build needs is left out" "$(pk_list_missing build | sed -e 's/ |.*//' -e 's/@N@/19/' | sort)" "$(cat "$T/installed")"
finish
