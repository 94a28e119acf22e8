# SPDX-License-Identifier: Apache-2.0
#
# How recipes/fetch brings one file over the network: curl, wget or apt's own downloader,
# and which Debian mirrors this machine uses. POSIX sh, to be sourced by recipes/fetch, which
# provides say() and the folder $run for the state of one run.
#
# No mirror is named here: apt knows which one the machine uses, and through which proxy.

net_connect_s=5 # seconds to wait for a connection
net_stall_s=20  # seconds without data before a transfer counts as dead

# The host of a URL, for messages and for the list of hosts that did not answer.
net_host() {
    net_h=${1#*://}
    printf '%s' "${net_h%%/*}"
}

net_dead() { [ -f "$run/dead" ] && grep -qxF -- "$1" "$run/dead"; }
net_bury() { printf '%s\n' "$1" >>"$run/dead"; }

# Two upstream hosts that cannot be reached mean that this machine has no way out: the rest
# of the run does not wait for the others.
net_upstream_dead() {
    [ -f "$run/upstream-dead" ] && [ "$(wc -l <"$run/upstream-dead")" -ge 2 ]
}

# net_get URL PART: appends to PART what is missing. 0: complete; 1: not served (the file is
# not there); 2: the host cannot be reached; 3: broken off, PART can be continued; 4: disk.
# The reason is left in net_why.
net_get() {
    net_why=
    case $1 in
    file://*) net_get_file "$1" "$2" ;;
    *)
        if command -v curl >/dev/null; then
            net_get_curl "$1" "$2"
        elif command -v wget >/dev/null; then
            net_get_wget "$1" "$2"
        else
            net_why="neither curl nor wget is installed"
            return 2
        fi
        ;;
    esac
}

net_get_file() {
    net_from=${1#file://}
    if [ ! -f "$net_from" ]; then
        net_why="no such file"
        return 1
    fi
    if ! cp -- "$net_from" "$2" 2>"$run/net.err"; then
        net_why=$(tail -n 1 "$run/net.err")
        return 4
    fi
}

net_get_curl() {
    net_had=no
    [ ! -s "$2" ] || net_had=yes
    curl -qfsSL --connect-timeout $net_connect_s --speed-limit 1 --speed-time $net_stall_s \
        -C - -o "$2" -- "$1" 2>"$run/net.err"
    net_rc=$?
    net_why=$(tail -n 1 "$run/net.err")
    case $net_rc in
    0) return 0 ;;
    22)
        # 416: what is there is as long as the file, or longer.
        case $net_why in *' 416'*) [ $net_had = no ] || return 0 ;; esac
        return 1
        ;;
    33 | 36) # the server cannot continue a file
        rm -f -- "$2"
        [ $net_had = yes ] || return 3
        net_get_curl "$1" "$2"
        ;;
    5 | 6 | 7 | 35 | 60 | 97) return 2 ;;
    28) if [ -s "$2" ]; then return 3; else return 2; fi ;;
    23) return 4 ;;
    *) return 3 ;;
    esac
}

net_get_wget() {
    wget -q -c --tries=1 --connect-timeout=$net_connect_s --read-timeout=$net_stall_s \
        -O "$2" -- "$1" 2>"$run/net.err"
    net_rc=$?
    net_why=$(tail -n 1 "$run/net.err")
    [ -n "$net_why" ] || net_why="wget ended with status $net_rc"
    case $net_rc in
    0) return 0 ;;
    3) return 4 ;;
    4) if [ -s "$2" ]; then return 3; else return 2; fi ;;
    5) return 2 ;;
    *)
        [ -s "$2" ] || rm -f -- "$2"
        return 1
        ;;
    esac
}

# net_get_apt URL PART: apt's downloader, so that its proxies and credentials hold. It does
# not continue a part that something else began.
net_get_apt() {
    net_helper=${KRAIT_APT_HELPER:-/usr/lib/apt/apt-helper}
    case $1 in
    file:*) net_get_file "file://${1#file:}" "$2"; return ;;
    http://* | https://*) ;;
    *) net_why="apt's method '${1%%:*}' is not supported"; return 1 ;;
    esac
    if [ ! -x "$net_helper" ]; then
        net_get "$1" "$2"
        return
    fi
    rm -f -- "$2"
    if "$net_helper" -o Acquire::Retries=0 -o Acquire::http::Timeout=$net_stall_s \
        -o Acquire::https::Timeout=$net_stall_s -o APT::Sandbox::User=root \
        download-file "$1" "$2" >"$run/net.err" 2>&1 </dev/null && [ -s "$2" ]; then
        return 0
    fi
    rm -f -- "$2"
    net_why=$(grep '^[EW]:' "$run/net.err" | tail -n 1 | cut -c1-200)
    [ -n "$net_why" ] || net_why="apt-helper failed"
    case $net_why in
    *[Cc]'ould not resolve'* | *"ould not connect"* | *imeout* | *'timed out'* | *nreachable*) return 2 ;;
    *'No space left'*) return 4 ;;
    *) return 1 ;;
    esac
}

# Prints the base addresses of the archives that this machine's apt uses, one per line,
# each once: what stands before /pool/.
net_mirrors() {
    if [ ! -f "$run/mirrors" ]; then
        if command -v apt-get >/dev/null; then
            # Without the option a machine that has no package lists has no mirrors, either.
            apt-get indextargets --no-release-info --format '$(REPO_URI)' 2>/dev/null
        fi | net_expand | awk '!seen[$0]++' >"$run/mirrors"
    fi
    cat "$run/mirrors"
}

# A source of the kind mirror+file:/LIST (Debian's cloud images) is a file with addresses.
net_expand() {
    while IFS= read -r net_base; do
        net_base=${net_base%/}
        case $net_base in
        mirror+file:*)
            net_list=/${net_base#mirror+file:}
            [ -f "$net_list" ] || continue
            sed -e 's/#.*//' -e 's/[[:space:]].*//' -e 's:/*$::' -e '/^$/d' "$net_list"
            ;;
        file://*) printf 'file:/%s\n' "${net_base#file://}" | sed 's:^file\:/*:file\:/:' ;;
        '' | cdrom:*) ;;
        *) printf '%s\n' "$net_base" ;;
        esac
    done
}

# The components of the pool at BASE in which a source package can be.
net_components() {
    case $1 in
    *security*) echo updates/main main ;;
    *ubuntu*) echo main universe ;;
    *) echo main ;;
    esac
}
