#!/usr/bin/env bash
# Fails when `make generate` changes a file, which means that a generated file is stale. The files are then fresh:
# look at them and commit them.
set -euo pipefail

snapshot() { # checksum and name of every file that git knows or would add
  git ls-files --cached --others --exclude-standard -z | sort -z | xargs -0 sha256sum 2>/dev/null || true
}

git rev-parse --git-dir >/dev/null # without git there is no list of files, and nothing could look stale
echo "Checking that generated files are fresh"
before=$(snapshot)
make --no-print-directory generate
if ! changed=$(diff <(echo "$before") <(snapshot)); then
  echo "These generated files were stale; they have been generated anew, commit them:" >&2
  awk '/^[<>]/ {print "  " $3}' <<<"$changed" | sort -u >&2
  exit 1
fi
