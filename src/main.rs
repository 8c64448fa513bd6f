//! Parses, calls, and turns the outcome into an exit code.

fn main() -> std::process::ExitCode {
    gocachescan::cli::run(std::env::args_os(), &gocachescan::locate::Host::current()).into()
}
