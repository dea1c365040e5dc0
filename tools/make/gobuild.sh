#!/usr/bin/env bash
# Runs `go build` with the arguments given and shows how far it is: a first build takes minutes, and go itself stays
# silent meanwhile. FIRST_BUILD is what to tell when it is one.
set -euo pipefail

readonly many=40 # so many packages mean a first build, not an ordinary change
start=$SECONDS
compiled=0

show() { # one growing line on a terminal, now and then a line elsewhere
  if [[ -t 2 ]]; then
    printf '\r  %d packages compiled, %ds ' "$compiled" $((SECONDS - start)) >&2
  elif ((compiled % 200 == 0)); then
    printf '  %d packages compiled, %ds\n' "$compiled" $((SECONDS - start)) >&2
  fi
}

finish() {
  if ((compiled > many)); then
    [[ ! -t 2 ]] || printf '\r' >&2
    printf '  %d packages compiled in %ds\n' "$compiled" $((SECONDS - start)) >&2
  fi
}

# With -v, go prints the import path of each package that it compiles; what else it prints is for the reader.
go build -v "$@" 2>&1 | {
  while IFS= read -r line; do
    if [[ $line =~ ^[A-Za-z0-9._~/-]+$ ]]; then
      compiled=$((compiled + 1))
      if ((compiled == many)); then
        echo "  ${FIRST_BUILD:-The first build takes a while.} Later builds compile what changed, in seconds." >&2
      fi
      ((compiled < many)) || show
    elif [[ $line != "go: downloading "* ]]; then
      printf '%s\n' "$line" >&2
    elif [[ -z ${downloading:-} ]]; then
      downloading=yes
      echo "  downloading modules" >&2
    fi
  done
  finish
}
