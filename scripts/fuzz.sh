#!/bin/bash
# Compares random calls with the running kernel; arguments go to `octavo fuzz`.
# exit: 0 equal, 1 a difference (its script is on standard output), 69 the system does not allow it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
swift build -c release --product octavo >&2
exec .build/release/octavo fuzz "$@"
