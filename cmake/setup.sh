# What ./demo and ./check share: installing what is missing, and building a preset. Sourced by bash with `top` set to the source folder.
# Needs are tested by what they do, so that a compiler or library from elsewhere counts; packages are named for Debian and Ubuntu.
# SPDX-License-Identifier: MIT

apt_log=$top/build/apt.log

say() { printf '%s\n' "$*"; }
stop() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

compiles() { # compiles COMPILER FLAGS...: can it turn a program from standard input into one that runs?
    local to result=1
    have "$1" || return 1
    to=$(mktemp) || return 1
    "$@" -o "$to" - >/dev/null 2>&1 && "$to" >/dev/null 2>&1 </dev/null && result=0
    rm -f "$to"
    return $result
}
has_c() { compiles "${CC:-cc}" -x c <<<'#include <stdio.h>
int main(void) { return puts("") < 0; }'; }
has_cxx() { compiles "${CXX:-c++}" -x c++ <<<'#include <vector>
int main() { return (int)std::vector<int>().size(); }'; }
has_clang() { compiles clang -x c <<<'int main(void) { return 0; }'; }
has_clang_runtime() { compiles clang -x c -fsanitize=address,undefined <<<'int main(void) { return 0; }'; }
has_cmake() {
    local version
    have cmake || return 1
    version=$(cmake --version | awk 'NR == 1 { print $3 }')
    [ "$(printf '3.25\n%s\n' "$version" | sort -V | head -n 1)" = 3.25 ]
}
has_make() { have make || have ninja; }
has_pkg_config() { have pkg-config; }
has_module() { have pkg-config && pkg-config --exists "$1"; }
has_dygraphs() { local f; for f in /usr/share/javascript/dygraphs/*.js /usr/share/nodejs/dygraphs/dist/*.js; do [ -e "$f" ] && return 0; done; return 1; }

# One need in a line: the test, and the packages that meet it.
needs_build='has_c|gcc libc6-dev
has_cmake|cmake
has_make|make
has_pkg_config|pkg-config
has_module libarchive|libarchive-dev
has_module zlib|zlib1g-dev
has_module libpng|libpng-dev
has_module libjpeg|libjpeg-dev
has_module jansson|libjansson-dev
has_module libxxhash|libxxhash-dev
has_module sqlite3|libsqlite3-dev
has_module cmocka|libcmocka-dev
has_dygraphs|libjs-dygraphs'
needs_tests='has_cxx|g++'
# Not needed to build or to run; what is shown with them is skipped where they cannot be had.
has_gnuplot() { have gnuplot && gnuplot -e 'set terminal pngcairo' >/dev/null 2>&1; }
wants_demo='has_gnuplot|gnuplot-nox fonts-dejavu-core'
wants_tests='has_gnuplot|gnuplot-nox fonts-dejavu-core
have chromium|chromium
have clang-format|clang-format
have liblinear-predict|liblinear-tools
have mpicc.openmpi|openmpi-bin libopenmpi-dev
have mpicc.mpich|mpich libmpich-dev'
wants_long='have debootstrap|debootstrap'
needs_long='has_clang|clang
has_clang_runtime|clang libclang-rt-dev
have python3|python3'

missing_packages() { # missing_packages NEEDS: the packages of the needs that are not met
    local need packages
    while IFS='|' read -r need packages; do
        $need || printf '%s\n' $packages
    done <<<"$1" | awk '!seen[$0]++' | paste -sd ' ' -
}

# Asks for sudo's password once, while there is a terminal; what follows is quiet. Fails where there is no root to be had.
may_install() {
    have apt-get || return 1
    [ "$(id -u)" != 0 ] || return 0
    have sudo || return 1
    if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive "$@"; else sudo -n env DEBIAN_FRONTEND=noninteractive "$@"; fi
}

apt_install() { mkdir -p "${apt_log%/*}" && run_apt "$1" </dev/null >>"$apt_log" 2>&1; } # apt_install PACKAGES

run_apt() {
    local packages
    read -ra packages <<<"$1"
    if ! apt-cache show "${packages[@]}" >/dev/null 2>&1; then
        as_root apt-get -q -o DPkg::Lock::Timeout=300 update || return 1
    fi
    as_root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${packages[@]}" && return 0
    say "Trying again with a fresh list of packages."
    as_root apt-get -q -o DPkg::Lock::Timeout=300 update &&
        as_root apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${packages[@]}"
}

install_missing() { # install_missing NEEDS
    local packages still
    packages=$(missing_packages "$1")
    [ -n "$packages" ] || return 0
    have apt-get || stop "this is not Debian or Ubuntu: install these (Debian's names) with your system's tools, then start ${0##*/} again: $packages"
    may_install || stop "root is needed to install packages; as root: apt-get install $packages"
    say "Installing $packages (log: ${apt_log#"$top"/})"
    apt_install "$packages" || { tail -n 20 "$apt_log" >&2; stop "could not install; as root: apt-get update && apt-get install $packages"; }
    still=$(missing_packages "$1")
    [ -z "$still" ] || stop "installed, but too old or not working on this system: $still (CMake 3.25 or newer is needed)"
}

install_wanted() { # install_wanted WANTS: tries, for four minutes at most, and continues without
    local packages
    packages=$(missing_packages "$1")
    [ -n "$packages" ] && may_install || return 0
    say "Installing if available: $packages (log: ${apt_log#"$top"/})"
    export -f apt_install run_apt as_root say
    export apt_log
    timeout 240 bash -c 'apt_install "$1"' _ "$packages" </dev/null || say "Not installed: $packages; what needs it is skipped."
}

build_preset() { # build_preset NAME TARGET [CMAKE OPTIONS...]: configures and builds quietly; shows the end of the log when that fails
    local preset=$1 target=$2 folder=$top/build log
    shift 2
    [ "$preset" = release ] || folder=$top/build-$preset
    mkdir -p "$folder" || return 1
    log=$folder/build.log
    have make || export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}
    (cd "$top" && cmake --preset "$preset" "$@" && cmake --build --preset "$preset" --target "$target" --parallel "$(jobs_here)") >"$log" 2>&1 && return 0
    tail -n 40 "$log" >&2
    printf 'The build failed; all of it is in %s\n' "$log" >&2
    return 1
}

jobs_here() { local n; n=$(nproc 2>/dev/null) || n=2; printf '%s\n' "$n"; }
