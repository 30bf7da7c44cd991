# For the benchmarks to read in (.): a virtual environment with the packages that they need. Uses the
# caller's `say`; PYTHON makes it (default python3).

# use_venv FOLDER "MODULE, ..." PACKAGE ...: makes it if it is missing, and installs what cannot be imported.
use_venv() {
  if [ ! -x "$1/bin/python" ]; then
    say "making $1"
    "${PYTHON:-python3}" -m venv "$1"
  fi
  venv=$1
  modules=$2
  shift 2
  if ! "$venv/bin/python" -c "import $modules" 2> /dev/null; then
    say "installing $*"
    # Registries fail at times: three attempts.
    for attempt in 1 2 3; do
      "$venv/bin/pip" install -q "$@" && break
      [ "$attempt" -lt 3 ] || { say "pip could not install $*" && exit 1; }
      sleep 10
    done
  fi
}
