# SPDX-License-Identifier: Apache-2.0
# What the launcher does when tools are missing: as a user, as root, without apt.
. "$KRAIT_SOURCE_DIR/tests/launcher/lib.sh"

# apt-cache knows clang 19 and 22, of 22 not all packages; apt-get "installs" by linking.
fake_apt() {
    fake apt-cache <<'EOF'
#!/bin/sh
echo "apt-cache $1" >>"$FAKE_LOG"
for p; do
    case $p in
    *-19 | *-19-*) printf '%s:\n  Installed: (none)\n  Candidate: 1:19.1\n' "$p" ;;
    *-22 | *-22-*)
        case $p in
        lld-*) printf '%s:\n  Installed: (none)\n  Candidate: (none)\n' "$p" ;;
        *) printf '%s:\n  Installed: (none)\n  Candidate: 1:22.1\n' "$p" ;;
        esac ;;
    esac
done
EOF
    fake apt-get <<'EOF'
#!/bin/sh
echo "apt-get $*" >>"$FAKE_LOG"
case " $* " in
*" install "*)
    [ -z "${FAKE_APT_FAILS:-}" ] || exit 100
    for t in "$FAKE_STORE"/*; do cp -P "$t" "${0%/*}/"; done ;;
esac
EOF
}
export FAKE_STORE="$T/store" KRAIT_APT_LISTS="$T/lists"
mkdir "$T/store" "$T/lists"
touch "$T/lists/debian_Packages"
put_away() { for t; do mv "$bin/$t" "$T/store/$t"; done; }
fake_apt

put_away tclsh patch
krait run x
same "a user is sent away with 125" "$rc" 125
has "the packages are listed with their use" "$err" "tcl | generates sqlite's amalgamation"
has "and the command that installs them" "$err" "sudo apt-get install --no-install-recommends patch tcl"
case $(calls) in *cmake* | *apt-get*) failed "nothing else was started" ;; *) passed ;; esac

forget
FAKE_UID=0 && export FAKE_UID
krait run x
same "root without a terminal installs" "$rc" 0
has "and says so" "$err" "root and no terminal to ask on: installing them"
has "with apt-get" "$(calls)" "--no-install-recommends install patch tcl"
has "and goes on" "$out" "arg=[x]"
forget
rm -r "$co/build"
krait run x
case $(calls) in *apt*) failed "what is there is not installed again: $(calls)" ;; *) passed ;; esac

put_away clang-19
rm -r "$co/build"
forget
FAKE_UID=1000
mv "$bin/apt-cache" "$T/apt-cache"
fake apt-cache </dev/null
krait run x
same "a distribution without a clang that will do: 125" "$rc" 125
has "and the way out" "$err" "WASI_SDK_PATH"
rm "$T/lists/debian_Packages"
krait run x
has "without package lists: what will most likely do" "$err" \
    "sudo apt-get update && sudo apt-get install --no-install-recommends clang-19 lld-19"
touch "$T/lists/debian_Packages"
mv "$T/apt-cache" "$bin/apt-cache"
FAKE_UID=0
forget
krait run x
has "the newest complete clang is chosen" "$(calls)" "install clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32"
same "and the build goes on" "$rc" 0

put_away wasm-ld-19
rm -r "$co/build"
forget
FAKE_APT_FAILS=1 && export FAKE_APT_FAILS
krait run x
same "a failed installation ends with 125" "$rc" 125
has "after one update" "$(calls)" "apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o APT::Color=0 --no-install-recommends update"
case $(calls) in *"cmake -S"*) failed "nothing is built then" ;; *) passed ;; esac
unset FAKE_APT_FAILS

forget
WASI_SDK_PATH=$T/nowhere && export WASI_SDK_PATH
krait run x
same "a WASI_SDK_PATH without a compiler ends with 125" "$rc" 125
has "and is named" "$err" "WASI_SDK_PATH is '$T/nowhere'"
same "nothing was installed" "$(calls)" ""
unset WASI_SDK_PATH

# A toolchain without numbers in its names, new enough, serves as well.
for t in clang wasm-ld llvm-ar llvm-nm llvm-ranlib; do ln -s clang-19 "$bin/$t"; done
cp "$T/store/wasm-ld-19" "$bin/clang-19"
krait run x
same "tools without a number serve" "$rc" 0
rm "$bin/clang" "$bin/wasm-ld" "$bin/llvm-ar" "$bin/llvm-nm" "$bin/llvm-ranlib" "$co/build/.krait-stamp"

# The test packages are asked for by check only.
cp "$T/store/"* "$bin/"
put_away mandoc
FAKE_UID=1000
forget
krait run x
same "run needs no test package" "$rc" 0
krait check
same "check does" "$rc" 125
has "and names it" "$err" "mandoc | checks the manual pages"

# Of two names for one thing the first that apt offers.
put_away cargo
krait check
case $err in *"mandoc cargo-web"*) failed "none offered: the last" ;; *) passed ;; esac
has "none offered: the last" "$err" "install --no-install-recommends mandoc cargo"
sed -i 's/\*-19 |/cargo-web | *-19 |/' "$bin/apt-cache"
krait check
has "the first is offered" "$err" "install --no-install-recommends mandoc cargo-web"
mv "$T/store/cargo" "$bin/cargo"

rm "$bin/apt-get" "$bin/apt-cache"
krait check
same "without apt: 125" "$rc" 125
has "and what is needed" "$err" "mandoc"
has "is said" "$err" "no apt-get"

fake_apt
out=$(PATH=$bin "$co/tools/setup-debian" --test --list 2>&1)
same "setup-debian lists what is missing" "$out" "mandoc | checks the manual pages"
out=$(FAKE_UID=0 PATH=$bin "$co/tools/setup-debian" --test 2>&1)
same "setup-debian installs it" "$?" 0
out=$(PATH=$bin "$co/tools/setup-debian" --test 2>&1)
has "and then nothing is missing" "$out" "nothing is missing"

fake cmake <<'EOF'
#!/bin/sh
echo 'cmake version 3.22.1'
EOF
touch "$co/cli/file.c"
krait run x
same "an old cmake: 125" "$rc" 125
has "and both versions" "$err" "cmake is 3.22.1, 3.25 or newer is needed"
finish
