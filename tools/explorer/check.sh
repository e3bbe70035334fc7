#!/usr/bin/env bash
# Lint the modules of the explorer's page, and check the types in their comments.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/explorer/node_modules/.bin/eslint --max-warnings=0 -c tools/explorer/eslint.config.js stepsize/explorer/page
tools/explorer/node_modules/.bin/tsc -p tools/explorer
