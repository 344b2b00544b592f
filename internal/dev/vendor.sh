#!/usr/bin/env bash
# Copies what the browser gets from node_modules into static/vendor, from where it is embedded.
# static/static.go lists the files that pages rely on; both lists change together, and a test compares them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

from=node_modules
to=static/vendor

# Written aside and moved in one step, so that an interrupted copy does not look like a whole one.
new=$(mktemp -d "$from/.vendor.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"

# The source maps are three times as large as what they map, and are left out: the line that
# points to them would make every opened developer console report a missing file.
copy() {
  sed -e 's,/\*# sourceMappingURL=[^*]*\*/,,' -e 's,^//# sourceMappingURL=.*$,,' "$from/$1" >"$new/$(basename "$1")"
}

copy htmx.org/dist/htmx.min.js
copy @tabler/core/dist/css/tabler.min.css
copy @tabler/core/dist/js/tabler.min.js

licence() {
  printf '%s\n\n' "$1"
  cat "$2"
  printf '\n\n'
}

# Tabler's package has no licence file of its own.
{
  licence 'htmx.min.js: htmx' "$from/htmx.org/LICENSE"
  licence 'tabler.min.css, tabler.min.js: Tabler' internal/dev/tabler-licence.txt
  licence 'tabler.min.js contains Popper' "$from/@popperjs/core/LICENSE.md"
} >"$new/LICENSES.txt"

rm -rf "$to"
mv "$new" "$to"
trap - EXIT
