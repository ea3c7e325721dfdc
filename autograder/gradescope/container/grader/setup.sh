#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the container.
#
# Python: Gradescope's default image has 3.10, and the grader needs the version that it was built
# and tested with. uv installs it as one archive that needs nothing of the image but its C library,
# so the same lines work on every image that Gradescope offers. uv itself comes from PyPI, which is
# needed for the packages in any case.
set -euo pipefail

source_folder=${AUTOGRADER_ROOT:-/autograder}/source
home=${AUTOGRADER_HOME:-/opt/autograder}  # student code has a user that could not enter /root
python=${AUTOGRADER_PYTHON:-$(cat "$source_folder/python-version")}

again() {  # a download may fail once
    "$@" || { sleep 5; "$@"; } || { sleep 20; "$@"; }
}

if ! python3 -m pip --version >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    if command -v apt-get >/dev/null; then
        again apt-get update -q
        apt-get install -q -y --no-install-recommends python3 python3-pip
    else
        again dnf install -q -y python3 python3-pip
    fi
fi
mkdir -p "$home"
again python3 -m pip install --quiet --target "$home/uv" "uv<1"
export UV_PYTHON_INSTALL_DIR=$home/python UV_NO_CACHE=1 UV_LINK_MODE=copy UV_NO_CONFIG=1
uv=$home/uv/bin/uv
again "$uv" venv --quiet --clear --python "$python" "$home/venv"
again "$uv" pip install --quiet --compile-bytecode --python "$home/venv/bin/python" \
    --requirement "$source_folder/requirements.txt"
"$home/venv/bin/python" -m compileall -q "$source_folder/autograder"

# student code runs as another user, who reads its interpreter and packages here
chmod o+x "${AUTOGRADER_ROOT:-/autograder}"
chmod -R o+rX "$source_folder" "$home"
