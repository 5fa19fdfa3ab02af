#!/bin/sh
# Create .venv: "environment.sh runtime" to run ESTİM, "environment.sh dev" for tests and checks as well.
# A run after a killed one completes; the Makefile calls it only if a stamp file is missing or out of date.
set -eu

say() { printf '%s\n' "estim: $*"; }
fail() { printf '%s\n' "estim: $*" >&2; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }
can_make_environments() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }
is_whole() { [ ! -e .venv/.installing ] && fits .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }
same_version() { [ "$("$1" -c "$version")" = "$(.venv/bin/python -c "$version")" ]; }
version='import sys; print(sys.version_info[:2])'

# Print the Python to use: $PYTHON if set, else the newest supported one with ensurepip (Debian packages it separately).
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13."
        can_make_environments "$PYTHON" || fail "PYTHON=$PYTHON has no ensurepip: install its venv package (python3-venv)."
        printf '%s\n' "$PYTHON"
        return
    fi
    lacking=
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        fits "$candidate" || continue
        if can_make_environments "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
        lacking="$lacking $candidate"
    done
    [ -z "$lacking" ] || fail "found$lacking without ensurepip: install its venv package (python3-venv), or set PYTHON=…"
    fail "Python 3.11, 3.12 or 3.13 is needed and was not found: install one, or set PYTHON=/path/to/python3.12"
}

kind=$1
lock=requirements.lock
[ "$kind" = runtime ] || lock=requirements-dev.lock

if ! is_whole || { [ -n "${PYTHON:-}" ] && ! same_version "$PYTHON"; }; then
    python=$(find_python)
    say "making .venv with $("$python" --version) …"
    "$python" -m venv --clear .venv
fi

# pip regards a half-installed package as installed; the mark makes the next run after a kill start with an empty .venv.
rm -f .venv/.runtime-* .venv/.dev-*
touch .venv/.installing
say "installing $lock …"
pip() { .venv/bin/python -m pip -qq --disable-pip-version-check --no-input "$@"; }
pip install --require-hashes -r "$lock"
pip install --no-deps --no-build-isolation -e .
rm .venv/.installing
