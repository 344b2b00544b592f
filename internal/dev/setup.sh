#!/usr/bin/env bash
# Sets up what the given purpose needs from the system, or names what is missing in a sentence and fails.
#
#   setup.sh run     Go, Node and npm
#   setup.sh test    these, and a C compiler (the race detector), PostgreSQL's server, Chromium and a Korean font
#   setup.sh bench   as for run, and PostgreSQL's server
#
# Debian's packages are installed where that needs no question: as root, or with a sudo that asks no password.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source internal/dev/lib.sh

missing=()  # what is missing, in words
packages=() # the Debian packages that bring it

# check CONDITION WORDS PACKAGE… adds to the lists unless CONDITION, a function or command line, holds.
check() {
  local condition=$1 words=$2
  shift 2
  if ! eval "$condition" >/dev/null 2>&1; then
    missing+=("$words")
    packages+=("$@")
  fi
}

c_compiler_works() {
  printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' | "${CC:-gcc}" -x c -o /dev/null -
}

check_all() {
  missing=() packages=()
  check 'command -v node && node_is_recent' 'Node 18 or newer (nodejs)' nodejs
  check 'command -v npm' 'npm' npm
  case $purpose in
    test)
      check c_compiler_works 'a C compiler with its library (gcc, libc6-dev)' gcc libc6-dev
      check postgres_bin "PostgreSQL's server (postgresql)" postgresql
      check chromium_path 'Chromium (chromium)' chromium
      check 'fc-list :lang=ko | grep -q .' 'a font with Korean (fonts-noto-cjk, fontconfig)' fonts-noto-cjk fontconfig
      ;;
    bench)
      check postgres_bin "PostgreSQL's server (postgresql)" postgresql
      ;;
  esac
}

node_is_recent() {
  [[ $(node -p 'parseInt(process.versions.node)') -ge 18 ]]
}

sentence() {
  local joined
  printf -v joined '%s; ' "${missing[@]}"
  printf 'Missing: %s.\n' "${joined%; }"
}

is_ubuntu() {
  grep -qs '^ID=ubuntu$' /etc/os-release
}

apt_install() {
  local as_root=()
  [[ $EUID -eq 0 ]] || as_root=(sudo -n)
  # A list of packages that was never fetched, or long ago, finds nothing. Output is kept for when it fails.
  local log
  log=$(mktemp)
  if "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c '
      apt-get -q update &&
      apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"' sh "${packages[@]}" \
      </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  tail -n 30 "$log" >&2
  rm -f "$log"
  return 1
}

can_install() {
  command -v apt-get >/dev/null && { [[ $EUID -eq 0 ]] || sudo -n true 2>/dev/null; }
}

purpose=${1:?run, test or bench}

# Go is not taken from Debian, whose version is older than the one that go.mod asks for.
if ! command -v go >/dev/null; then
  fail "Missing: Go $(sed -n 's/^go //p' go.mod) or newer, which go.dev offers."
fi

check_all
[[ ${#missing[@]} -eq 0 ]] && exit 0

# Ubuntu's package is a stub that installs a snap, which cannot run in a container or under another user.
if is_ubuntu && [[ " ${packages[*]} " == *' chromium '* ]]; then
  fail "$(sentence) Ubuntu's package of Chromium is a snap, which the tests cannot use:" \
    'install another Chromium or Chrome and set SOSHIK_CHROMIUM to its path.'
fi
if ! can_install; then
  fail "$(sentence) On Debian, \"apt-get install --no-install-recommends ${packages[*]}\" brings what is missing."
fi

say "Installing ${packages[*]}"
apt_install || fail "apt-get could not install what is missing. $(sentence)"
check_all
[[ ${#missing[@]} -eq 0 ]] || fail "Still missing after apt-get: $(sentence)"
