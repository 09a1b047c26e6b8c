# shellcheck shell=bash
# What quickstart and check share; to be sourced by bash with the repository's root as working folder.

say() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }
note() { printf '%s\n' "$*" >&2; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
[[ -t 2 && -z ${NO_COLOR:-} ]] || say() { printf '\n== %s\n' "$*" >&2; }

cores() { nproc 2>/dev/null || echo 2; }

# missing_packages FILE...: those of the lists that are not installed, one a line.
missing_packages() {
    local package state
    while read -r package; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [[ $state == installed ]] || echo "$package"
    done < <(cat "$@" | grep -Ev '^[[:space:]]*(#|$)')
}

# install_packages FILE...: installs what is missing; asks nothing. Where we may not, says the line that does.
install_packages() {
    local missing as_root=()
    if ! command -v dpkg-query >/dev/null; then
        note "This is no Debian: the packages of $* have to be there already, under this system's names."
        return
    fi
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null && as_root=(sudo -n)
        ((${#as_root[@]})) || die "these packages are missing; as root: apt-get update && apt-get install ${missing[*]}"
    fi
    say "Installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get -q update </dev/null >&2 ||
        note "apt-get update failed; going on with the lists that are there"
    # Another copy of this script may be at it: wait for its lock.
    "${as_root[@]}" apt-get -q -y -o DPkg::Lock::Timeout=600 install --no-install-recommends "${missing[@]}" \
        </dev/null >&2 || die "apt-get could not install ${missing[*]}"
}

# npm_install LIST FOLDER: what scripts/LIST-npm pins, with the digests there, into FOLDER/node_modules. Needs the network.
npm_install() {
    command -v npm >/dev/null || install_packages <(printf 'nodejs\nnpm\n')
    command -v npm >/dev/null || die "npm is missing: it fetches what scripts/$1-npm names"
    cp "scripts/$1-npm/package.json" "scripts/$1-npm/package-lock.json" "$2/"
    (cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --silent </dev/null >&2) ||
        die "npm could not fetch what scripts/$1-npm names; it needs the network once"
}

# quietly LOG COMMAND...: on a terminal as it is; else into the log, whose end is shown if it fails.
quietly() {
    local log=$1
    shift
    if [[ -t 2 ]]; then
        "$@" </dev/null >&2
        return
    fi
    "$@" >"$log" 2>&1 </dev/null || {
        local code=$?
        tail -n 60 "$log" >&2
        return "$code"
    }
}

# build PRESET [TARGET...]: configures if need be and builds; one at a time in this tree.
build() {
    local preset=$1
    shift
    mkdir -p build
    (
        flock 9
        if [[ ! -f build/$preset/build.ninja ]]; then
            quietly "build/$preset-configure.log" cmake --preset "$preset" || exit
        fi
        quietly "build/$preset-build.log" cmake --build --preset "$preset" --parallel "$(cores)" ${1:+--target "$@"}
    ) 9>"build/.$preset.lock"
}

# Settings of the person who runs this are for their own servers, not for the ones that we start.
forget_settings() {
    local name
    for name in $(compgen -e | grep -E '^(NOETL|NATS)_' || true); do
        unset "$name"
    done
    export XDG_CONFIG_HOME=$1/config XDG_STATE_HOME=$1/state
}

# npm_keep LIST: the same into build/LIST, unless that has been fetched already.
npm_keep() {
    local to=build/$1
    if [[ -d $to/node_modules ]] && cmp -s "scripts/$1-npm/package-lock.json" "$to/package-lock.json"; then
        return
    fi
    mkdir -p build
    work=$(mktemp -d "build/.$1.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    npm_install "$1" "$work"
    rm -rf "$to"
    mv "$work" "$to"
    note "$to/node_modules"
}
