#!/usr/bin/env bash
# Starts the site with a data folder of its own, lets the outside judges look at it, stops it.
# Without npm the judges are skipped with a line that says so; NEUPUSTI_REQUIRE_ALL=1 forbids that.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
  echo "judges skipped: npm is not on this machine"
  [ "${NEUPUSTI_REQUIRE_ALL:-}" != 1 ]
  exit
fi
if [ ! node_modules/.installed -nt package.json ]; then
  npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error
  touch node_modules/.installed
fi

out=$PWD/out
rm -rf "$out"
mkdir -p "$out"
port=$(../.venv/bin/python -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
base=http://127.0.0.1:$port
NEUPUSTI_INSTANCE=$out/instance ../.venv/bin/flask --app ../wsgi.py site serve --port "$port" >"$out/site.log" &
site=$!
trap 'kill $site; wait $site || true' EXIT
for _ in $(seq 150); do
  curl --silent --fail --output /dev/null "$base/readyz" && break
  sleep 0.2
done

failed=()
product=$base/product/enamel-teapot
node lighthouse.mjs "$base/" "$base/policy/" "$base/en/policy/" "$base/catalog/" "$product" "check:$product" || failed+=(lighthouse)
# The log of the first start names the first member of staff. What follows measures no time.
node pages.mjs "$base" "$out/site.log" >"$out/pages.txt" &
pages=$!
# A refusing extension must find the banner and refuse; the scanner reads the English page.
node autoconsent.mjs "$base/en/" || failed+=(autoconsent)
for viewport in desktop mobile; do
  ./cookie-scanner.sh "$base/en/" "$out/$viewport" --viewport "$viewport" --fail-on 100 || failed+=("cookie scanner on $viewport")
done
wait $pages || failed+=("HTML validator and pa11y")
cat "$out/pages.txt"
for judge in "${failed[@]}"; do
  echo "judge not content: $judge"
done
exit $((${#failed[@]} > 0))
