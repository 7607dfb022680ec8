#!/bin/sh
# Prints a template with each @NAME@ replaced by the key in keys/NAME beside this script. A key that is missing is made.
set -eu
umask 077
keys=$(cd "$(dirname "$0")" && pwd)/keys
mkdir -p "$keys"
for name in $(grep -o '@[A-Za-z0-9._-]*@' "$1" | tr -d @ | sort -u); do
  [ -s "$keys/$name" ] || head -c 32 /dev/urandom | base64 > "$keys/$name"
done
keys="$keys" awk '{
  while (match($0, /@[A-Za-z0-9._-]+@/)) {
    file = ENVIRON["keys"] "/" substr($0, RSTART + 1, RLENGTH - 2)
    getline key < file
    close(file)
    $0 = substr($0, 1, RSTART - 1) key substr($0, RSTART + RLENGTH)
  }
  print
}' "$1"
