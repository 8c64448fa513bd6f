# Sourced by the scripts: finds or installs what building needs, and says what it does. Nothing outside this clone is changed,
# but for packages of the system where they are missing and this user may install them.

MIN_RUST=90 # the minor number in Cargo.toml's rust-version
TOOLS=$PWD/target/tools

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $*"
  exit 2
}

# Runs a command as root: as we are, or through sudo where that asks nothing.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# need COMMAND PACKAGE...: the command is there, or is installed with the system's packages.
need() {
  cmd=$1
  shift
  command -v "$cmd" >/dev/null && return 0
  say "\`$cmd\` is missing: installing $*"
  if command -v apt-get >/dev/null; then
    as_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@"' sh "$@" >&2
  elif command -v dnf >/dev/null; then
    as_root dnf install -q -y "$@" >&2
  elif command -v apk >/dev/null; then
    as_root apk add -q "$@" >&2
  else
    false
  fi || say "could not install $*"
  command -v "$cmd" >/dev/null
}

rust_fits() {
  command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
  minor=$(rustc --version 2>/dev/null | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
  [ "${minor:-0}" -ge "$MIN_RUST" ]
}

# A Rust that can build this: the machine's own, one in its usual place, or a new one inside this clone.
need_rust() {
  need cc gcc libc6-dev || need gcc gcc || die "a C compiler is needed for linking: install gcc"
  rust_fits && return 0
  for bin in "${CARGO_HOME:-${HOME:-/nonexistent}/.cargo}/bin" "$TOOLS/cargo/bin"; do
    if [ -x "$bin/cargo" ]; then
      PATH=$bin:$PATH
      [ "$bin" = "$TOOLS/cargo/bin" ] && export CARGO_HOME="$TOOLS/cargo" RUSTUP_HOME="$TOOLS/rustup"
      rust_fits && return 0
    fi
  done
  say "no Rust 1.$MIN_RUST or newer here: installing one inside this clone, in target/tools"
  need curl curl ca-certificates || die "install Rust 1.$MIN_RUST or newer, then try again"
  export CARGO_HOME="$TOOLS/cargo" RUSTUP_HOME="$TOOLS/rustup"
  mkdir -p "$TOOLS"
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs -o "$TOOLS/rustup-init.sh" ||
    die "rustup could not be fetched; install Rust 1.$MIN_RUST or newer (https://rustup.rs), then try again"
  sh "$TOOLS/rustup-init.sh" -y -q --no-modify-path --profile minimal -c clippy -c rustfmt >&2 || die "rustup failed"
  PATH=$CARGO_HOME/bin:$PATH
  rust_fits || die "Rust 1.$MIN_RUST or newer is needed, found $(rustc --version 2>&1)"
}

# Builds the scanner; prints nothing but cargo's own progress.
build_scanner() {
  cargo build --release --locked --bin gocachescan >&2 || die "the build failed"
  SCANNER=${CARGO_TARGET_DIR:-$PWD/target}/release/gocachescan
}
