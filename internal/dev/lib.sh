# Functions that the scripts beside this one share. To be sourced.

say() {
  printf '==> %s\n' "$*" >&2
}

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# chromium_path prints where the browser of the tests is.
chromium_path() {
  if [[ -n ${SOSHIK_CHROMIUM:-} ]]; then
    command -v "$SOSHIK_CHROMIUM"
    return
  fi
  command -v chromium || command -v google-chrome-stable || command -v google-chrome
}

# postgres_bin prints the folder of the newest PostgreSQL server. Debian keeps it out of PATH.
postgres_bin() {
  local newest
  newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
  if [[ ! -x $newest ]]; then
    newest=$(command -v postgres) || return 1
  fi
  dirname "$(readlink -f "$newest")"
}

free_port() {
  node -e 'const s = require("net").createServer();
    s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# as_postgres runs a command of the server, which refuses to be started by root.
as_postgres() {
  # Away from here, since the other user may not be allowed to read this folder.
  if [[ $EUID -eq 0 ]]; then
    (cd / && runuser -u postgres -- "$@")
  else
    (cd / && "$@")
  fi
}

# start_postgres DIR [SETTING…] makes a new cluster in the new folder DIR, starts it, and puts its URL into
# POSTGRES_URL. Only this machine can reach it, so it asks for no password.
start_postgres() {
  local dir=$1 bin port try setting options
  shift
  bin=$(postgres_bin)
  mkdir -p "$dir"
  [[ $EUID -ne 0 ]] || chown postgres "$dir"

  LC_ALL=C.UTF-8 as_postgres "$bin/initdb" --pgdata="$dir/data" --username=soshik --auth=trust \
    --encoding=UTF8 --no-sync >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }

  # Another program may take the port between its choice and its use.
  for try in 1 2 3; do
    port=$(free_port)
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$dir -c timezone=UTC"
    for setting in max_connections=300 "$@"; do
      options+=" -c $setting"
    done
    if as_postgres "$bin/pg_ctl" start --silent --wait --pgdata="$dir/data" --log="$dir/server.log" \
      --options="$options" </dev/null >>"$dir.log" 2>&1; then
      POSTGRES_URL="postgres://soshik@127.0.0.1:$port/postgres?sslmode=disable"
      return 0
    fi
  done
  cat "$dir/server.log" >&2
  return 1
}

# stop_postgres DIR stops the cluster in DIR, if one runs there. Its data are about to be removed, so nothing is
# written any more.
stop_postgres() {
  local dir=$1
  [[ -f $dir/data/postmaster.pid ]] || return 0
  as_postgres "$(postgres_bin)/pg_ctl" stop --silent --mode=immediate --pgdata="$dir/data" >/dev/null 2>&1 || true
}
