# Sourced by bin/up and bin/test: a virtual environment with exactly what a lock file names.

die() {
    echo "$*" >&2
    exit 1
}

# The newest Python that the project supports; each candidate is asked, for a name may be a mere promise.
find_python() {
    for python in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    die "Python 3.11, 3.12, 3.13 or 3.14 is needed, and none of them is on the PATH."
}

# install LOCK: make .venv if it is missing or broken, and install the lock unless that was done already.
install() {
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        python=$(find_python) || exit 1
        echo "Making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv ||
            die "$python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"
    fi
    stamp=".venv/$1.stamp"
    wanted=$(cksum <"$1")
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing $1 (once; some 30 seconds)"
        .venv/bin/python -m pip install --require-hashes --disable-pip-version-check --no-input -r "$1" ||
            die "The installation failed. Is a package index reachable? Start again to go on."
        echo "$wanted" >"$stamp"
    fi
}
