# shellcheck shell=sh
# Sourced by the scripts beside this file, from any folder, by way of symbolic links too. prepare makes .venv what
# pyproject.toml and constraints.txt ask for; when it already is, that takes a few milliseconds and no Python module.
# Everything said here goes to stderr: stdout is for results.
set -eu
scripts=$(dirname -- "$(readlink -f -- "$0")")
root=$(dirname -- "$scripts")
venv=$root/.venv

# is_ready PURPOSE: the install finished, in this folder, with this Python, for these requirements.
# The stamp is written last, by _bootstrap.py, which knows the same four parts.
is_ready() {
    [ -f "$venv/rasad-ready-$1" ] && version=$("$venv/bin/python" -V 2>/dev/null) || return 1
    wanted=$(printf '%s\n%s\n' "$root" "$version" && cat "$root/pyproject.toml" "$root/constraints.txt")
    [ "$wanted" = "$(cat "$venv/rasad-ready-$1")" ]
}

fail() {
    printf 'rasad: %s\n' "$@" >&2
    exit 2
}

# suits PYTHON: it is 3.11 or newer and can make virtual environments; otherwise says why in $reason.
suits() {
    number=$("$1" -c 'import sys; print("%d %d" % sys.version_info[:2])' 2>/dev/null) || {
        reason="$1 cannot be run"
        return 1
    }
    if [ "${number% *}" -lt 3 ] || { [ "${number% *}" -eq 3 ] && [ "${number#* }" -lt 11 ]; }; then
        reason="$1 is Python ${number% *}.${number#* }"
        return 1
    fi
    "$1" -c 'import venv, ensurepip' 2>/dev/null || {
        reason="$1 is Python ${number% *}.${number#* } without its venv and ensurepip modules"
        no_venv=${number% *}.${number#* }
        return 1
    }
}

# 3.11 first: the tests run with it, and on 3.13 and later one dependency has to be compiled.
find_python() {
    found='' no_venv=''
    if [ -n "${PYTHON-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3.11 python3.12 python3 python3.13 python3.14 python
    fi
    for python; do
        command -v -- "$python" >/dev/null && suits "$python" && return
        [ -z "${reason-}" ] || found="$found${found:+, }$reason"
        reason=''
    done
    next='next: install Python 3.11 or 3.12, or name one: PYTHON=/path/to/python3.11'
    [ -z "$no_venv" ] || next="next: install its venv module (on Debian and Ubuntu: apt install python$no_venv-venv),
rasad:       or name another Python: PYTHON=/path/to/python3.11"
    fail 'wanted: Python 3.11 or newer, with its venv module' "found: ${found:-no Python${PYTHON:+ named $PYTHON}}" \
        "$next"
}

# prepare PURPOSE: make sure that the packages are installed, for "run" or, with what the tests need, for "dev".
prepare() {
    is_ready "$1" && return
    find_python
    "$python" -I "$scripts/_bootstrap.py" "$1" || exit $?
}

# run_service COMMAND [ARGUMENT...]: become the rasad command. -P: a file in the user's folder must not shadow a module.
run_service() {
    prepare run
    exec "$venv/bin/python" -P -m service.cli "$@"
}
