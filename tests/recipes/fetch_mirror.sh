# SPDX-License-Identifier: Apache-2.0
# The Debian mirror is the one that apt names, in all the forms that apt has.
. "$KRAIT_SOURCE_DIR/tests/recipes/lib.sh"
start_server
make_file a_1.orig.tar
want=$(sum "$up/a_1.orig.tar")

# apt BASE...: what apt-get indextargets prints.
apt() {
    {
        printf '#!/bin/sh\n[ "$1 $3 $4" = "indextargets --format \\$(REPO_URI)" ] || exit 100\n'
        for base in "$@"; do printf "echo '%s'\n" "$base"; done
    } >"$bin/apt-get"
}
again() {
    rm -rf "$KRAIT_CACHE"
    : >"$T/requests"
    run_fetch a
}
line_pool a 1 a_1.orig.tar p/a/a_1.orig.tar >"$lock"

apt "$url/ok/" "$url/ok/" "$url/ok/"
again
same "from the mirror" "$out" "a 1 $want $src/a_1.orig.tar"
same "asked once" "$(cat "$T/requests")" "GET /ok/pool/main/p/a/a_1.orig.tar -"

apt "$url/nothing/" "$url/ok/"
again
same "the second base" "$rc $(wc -l <"$T/requests" | tr -d ' ')" "0 2"

apt "$url/nothing-security/"
again
same "not on it" $rc 1
has "an archive of security updates has another folder" "$(cat "$T/requests")" "/pool/updates/main/p/a/"
has "every place is named" "$err" "$url/nothing-security/pool/main/p/a/a_1.orig.tar"

printf '# a list\n%s/ok/ priority:1\n' "$url" >"$T/mirrors.list"
apt "mirror+file:$T/mirrors.list"
again
same "a list of mirrors" $rc 0

mkdir -p "$T/copy/pool/main/p/a"
cp "$up/a_1.orig.tar" "$T/copy/pool/main/p/a/"
apt "file:$T/copy/"
again
same "a copy on this machine" $rc 0
apt "file://$T/copy/"
again
same "the same, with two slashes more" $rc 0
apt "cdrom://Debian/"
again
same "a CD is no place" $rc 1

# A mirror that does not answer is not asked for the next file.
make_file b_1.orig.tar 2500
line_pool b 1 b_1.orig.tar p/b/b_1.orig.tar >>"$lock"
printf 'b 2 - - - %s - p/b/b_2.orig.tar\n' "$want" >>"$lock"
apt "http://127.0.0.1:9/debian/"
rm -rf "$KRAIT_CACHE"
run_fetch b
same "no mirror answers" $rc 1
has "said once" "$err" "http://127.0.0.1:9/debian: not tried, it could not be reached before"

# Upstream comes first; two hosts that do not answer are enough.
for n in 1 2 3; do
    make_file c${n}_1.orig.tar $((n * 1000))
    printf 'c%d 1 %s - http://127.0.0.%d:9/c.tar %s - p/c/c%d_1.orig.tar\n' $n \
        "$(printf '%064d' $n)" $n "$(sum "$up/c${n}_1.orig.tar")" $n
done >"$lock"
apt "$url/ok/"
rm -rf "$KRAIT_CACHE"
run_fetch c1 c2 c3
same "upstream is away, the mirror has it" $rc 0
same "two hosts were waited for" "$(grep -c 'from 127.0.0.[123]:9' "$T/err")" 2

# apt's own downloader, when there is one.
cat >"$T/helper" <<EOF
#!/bin/sh
while [ "\$1" != download-file ]; do shift; done
echo "\$2" >>"$T/helped"
exec cp "$up/a_1.orig.tar" "\$3"
EOF
chmod +x "$T/helper"
line_pool a 1 a_1.orig.tar p/a/a_1.orig.tar >"$lock"
apt "https://mirror.invalid/debian/"
KRAIT_APT_HELPER=$T/helper
again
same "through apt's downloader" "$rc $(cat "$T/helped")" "0 https://mirror.invalid/debian/pool/main/p/a/a_1.orig.tar"
printf '#!/bin/sh\necho "E: Could not resolve the host" >&2; exit 100\n' >"$T/helper"
again
same "which fails" $rc 1
has "its reason" "$err" "E: Could not resolve the host"

# A mirror with another file under that name.
sed 's/1/2/' "$up/a_1.orig.tar" >"$T/copy/pool/main/p/a/a_1.orig.tar"
apt "file:$T/copy" "$url/ok"
again
same "a wrong file ends it" $rc 1
same "no other mirror is tried" "$(cat "$T/requests")" ""
has "the sum" "$err" "$want"
finish
