#!/bin/bash
# Builds the DocC archives of the modules and links them into one site.
#
# usage: scripts/docs.sh [OUTPUT-FOLDER]     (default .build/docs)
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/docs}

modules=(MemoryTypes Machine PhysicalMemory PageTables KernelHeap AddressSpaces KernelCore
  Recordings Simulation Report)
targets=()
for module in "${modules[@]}"; do targets+=(--target "$module"); done
mkdir -p "$output"
swift package --allow-writing-to-directory "$output" generate-documentation \
  --enable-experimental-combined-documentation "${targets[@]}" --output-path "$output"
echo "documentation: $output (open /documentation/kernelcore/thepathofabyte)"
