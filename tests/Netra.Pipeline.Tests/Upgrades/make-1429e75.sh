#!/usr/bin/env bash
# Makes the data folder of the version 1429e75 that UpgradeTests opens: builds that version's server beside the repository, starts it three
# times, and leaves 1429e75/*.db here, small.
# It was run once, and what it made is kept; run it again only to make the same of the same version. Needs git, the .NET SDK and Python 3.
set -euo pipefail
cd "$(dirname "$0")"

version=1429e75
tree=$(mktemp -d)
trap 'git worktree remove --force "$tree"' EXIT
git worktree add --detach "$tree" "$version"
dotnet build "$tree/src/Netra.Pipeline.Server" -p:BuildWebApp=false -nologo -v quiet -clp:ErrorsOnly
mkdir -p "$tree/artifacts/bin/Netra.Pipeline.Server/debug/wwwroot"
python3 make_folder.py "$tree/artifacts/bin/Netra.Pipeline.Server/debug/Netra.Pipeline.Server.dll" "$version"
