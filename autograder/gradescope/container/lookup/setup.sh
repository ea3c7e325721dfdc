#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the container. Results are looked up with the
# system's own Python and one package, which Ubuntu keeps up to date.
set -euo pipefail
if python3 -c 'import cryptography.fernet' 2>/dev/null; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
if command -v apt-get >/dev/null; then
    apt-get update -q || { sleep 10; apt-get update -q; }
    apt-get install -q -y --no-install-recommends python3 python3-cryptography
else
    dnf install -q -y python3 python3-cryptography
fi
python3 -c 'import cryptography.fernet'
