#!/bin/sh
# Installs Debian's Chromium and a font, where there is no such browser: the tests of the report
# page need one, and playwright's own download is none of a distribution's packages.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name"; then
        exit 0
    fi
done
run=
if [ "$(id -u)" -ne 0 ]; then
    run="sudo -n"
fi
export DEBIAN_FRONTEND=noninteractive
$run apt-get update
$run apt-get install -y --no-install-recommends chromium fonts-dejavu-core
command -v chromium
