#!/usr/bin/env bash
# healthcheck.sh PORT PATH: succeeds if http://127.0.0.1:PORT/PATH answers 200. The images have neither curl nor wget, but bash.
# How long an answer may take is the engine's business: it ends a check that is too slow.
set -eu
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&3
read -r _ code _ <&3
[ "$code" = 200 ]
