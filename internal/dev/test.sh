#!/usr/bin/env bash
# Everything that CI runs, or one part of it, on what it sets up itself and removes afterwards.
#
#   test.sh all     fresh generated code, lint, unit tests and browser journeys, on SQLite and on PostgreSQL
#   test.sh unit    the unit tests only, on both databases
#   test.sh e2e     the browser journeys only, on both databases
#   test.sh bench   the measurements, on both databases
#
# Tests learn where to run from their environment:
#
#   SOSHIK_TEST_DATABASE   sqlite or postgres
#   SOSHIK_TEST_POSTGRES   URL of a server on which databases may be created and dropped
#   SOSHIK_E2E=required    a missing browser fails the browser tests; without it they are skipped
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source internal/dev/lib.sh

what=${1:-all}
case $what in
  all | unit | e2e | bench) ;;
  *) fail "test.sh: $what is none of all, unit, e2e, bench" ;;
esac

# A clone that belongs to somebody else makes git refuse, and with it the stamping of builds.
export GOFLAGS="${GOFLAGS:-} -buildvcs=false"

tmp=
child=

cleanup() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  set +e
  exec 2>/dev/null # the shell's own remarks about what is ended here
  if [[ -n $child ]]; then
    # The whole group: go test leaves its tests running when it is told to end.
    kill -TERM -- "-$child"
    for _ in {1..50}; do
      kill -0 -- "-$child" || break
      sleep 0.1
    done
    kill -KILL -- "-$child"
    wait "$child"
  fi
  if [[ -n $tmp ]]; then
    stop_postgres "$tmp/postgres"
    rm -rf "$tmp"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A job in the background has a process group of its own, and waiting for it, unlike running it, ends at a signal.
set -m
run() {
  local status=0
  "$@" </dev/null &
  child=$!
  wait "$child" || status=$?
  child=
  return "$status"
}

# packages prints the packages that match an awk pattern, one a line. Those with the most tests come first: go test keeps
# to the order, and would otherwise leave a core idle while the last one runs, which happens to be one of the longest.
packages() {
  go list -f '{{len .XTestGoFiles}} {{.ImportPath}}' ./... | sort --stable --numeric-sort --reverse | awk '{ print $2 }' | awk "$1"
}

# using_database keeps, of the packages that it reads, those whose tests reach the database. The others would do
# the same again on PostgreSQL.
using_database() {
  local -A uses=()
  local package dependency
  while read -r package dependency; do
    case $dependency in
      soshik/models | soshik/migrations) uses[${package%.test}]=yes ;;
    esac
  done < <(go list -test -f '{{$p := .ImportPath}}{{range .Deps}}{{$p}} {{.}}{{"\n"}}{{end}}' ./... | grep '^[^ ]*\.test ')
  while read -r package; do
    [[ -z ${uses[$package]:-} ]] || printf '%s\n' "$package"
  done
}

# tests_on TITLE DATABASE PACKAGES FLAG… runs go test and counts the packages that did run a test.
ran=0
tests_on() {
  local title=$1 database=$2 list=$3
  shift 3
  [[ -n $list ]] || return 0
  say "$title"
  local log=$tmp/$what.$database.log status=0
  # shellcheck disable=SC2086 # a list of words
  SOSHIK_TEST_DATABASE=$database run go_test "$log" -count=1 -timeout=30m "$@" $list || status=$?
  ran=$((ran + $(grep '^ok' "$log" | grep -cv 'no tests to run' || true)))
  return "$status"
}

go_test() {
  local log=$1
  shift
  go test "$@" 2>&1 | tee "$log"
}

generated_is_fresh() {
  say 'Generated code'
  local before=$tmp/generated.before after=$tmp/generated.after orphan
  generated >"$before"
  run go tool templ generate >"$tmp/templ.log" 2>&1 || { cat "$tmp/templ.log" >&2; return 1; }
  generated >"$after"
  if ! diff -u "$before" "$after" >"$tmp/generated.diff"; then
    sed -n 's/^[-+][0-9a-f]\{64\}  //p' "$tmp/generated.diff" | sort -u >&2
    fail 'These were not what "make gen" makes of their templates. They are now: commit them.'
  fi
  while read -r orphan; do
    [[ -f ${orphan%_templ.go}.templ ]] || fail "$orphan has no template any more: remove it."
  done < <(awk '{ print $2 }' "$after")
}

# By content and not by git, so that what is not committed yet does not look stale.
generated() {
  find . -name node_modules -prune -o -name '*_templ.go' -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum
}

lint() {
  say 'Lint'
  run .bin/golangci-lint run ./...
}

start_database() {
  # Nothing here outlives the tests, so nothing has to reach the disk. Measurements do pay for it.
  local settings=(fsync=off synchronous_commit=off full_page_writes=off)
  [[ $what != bench ]] || settings=(shared_buffers=256MB max_wal_size=4GB)
  start_postgres "$tmp/postgres" "${settings[@]}" || fail 'PostgreSQL did not start.'
  export SOSHIK_TEST_POSTGRES=$POSTGRES_URL
}

unit() {
  # SQLite is C made into Go, and argon2 fills memory for each password: watched by the race detector, they take several
  # times as long, and are not ours to watch.
  local list race=(-race '-gcflags=modernc.org/...=-race=false' '-gcflags=golang.org/x/crypto/...=-race=false')
  list=$(packages '!/\/e2e(\/|$)/')
  tests_on 'Unit tests on SQLite' sqlite "$list" "${race[@]}"
  list=$(using_database <<<"$list")
  tests_on 'Unit tests on PostgreSQL' postgres "$list" "${race[@]}"
}

e2e() {
  local list
  export SOSHIK_E2E=required
  list=$(packages '/\/e2e(\/|$)/')
  # The harness's own test knows no database.
  tests_on 'Browser journeys on SQLite' sqlite "$list"
  list=$(using_database <<<"$list")
  tests_on 'Browser journeys on PostgreSQL' postgres "$list"
}

bench() {
  say 'Measurements on SQLite'
  run .bin/soshik bench --database="sqlite:$tmp/bench.db"
  say 'Measurements on PostgreSQL'
  run .bin/soshik bench --database="$POSTGRES_URL"
  say 'The simulated provider'
  run .bin/soshik bench --provider --recipients=1000000
}

case $what in
  bench) internal/dev/setup.sh bench ;;
  *) internal/dev/setup.sh test ;;
esac

# Readable for the other user that PostgreSQL runs as.
tmp=$(mktemp -d "${TMPDIR:-/tmp}/soshik.XXXXXX")
chmod 711 "$tmp"
# What an interrupted test leaves behind goes with the rest.
mkdir "$tmp/tmp"
export TMPDIR=$tmp/tmp

case $what in
  all) run make --silent --no-print-directory vendor .bin/golangci-lint ;;
  bench) run make --silent --no-print-directory .bin/soshik ;;
  *) run make --silent --no-print-directory vendor ;;
esac

if [[ $what == all ]]; then
  generated_is_fresh
  lint
fi
start_database
case $what in
  all)
    unit
    e2e
    ;;
  *) "$what" ;;
esac
if [[ $what != bench && $ran -eq 0 ]]; then
  fail 'No test ran.'
fi
