#!/usr/bin/env bash
# Installs what the tests need, builds everything, and runs all tests. The last line says: N passed, N failed, N skipped.
# Needs the .NET SDK 10, Node 20 or later, and, on Debian, root for installing Chromium, Prometheus, Alertmanager, strace, haproxy, nginx.
set -uo pipefail
cd "$(dirname "$0")/.."

results=artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0
broken=()

step() { printf '\n== %s\n' "$*"; }

# What failed and is in no report of tests; said again at the end.
fail() {
  echo "FAILED: $*"
  broken+=("$*")
  failed=$((failed + 1))
}

# A step that is no test counts as one failure when it fails.
check() {
  step "$1"
  shift
  if ! "$@"; then
    fail "$*"
  fi
}

# A step that runs beside others, of which none writes what another one reads: what it says is printed when it is waited for.
declare -A beside
begin() {
  local name=$1
  shift
  "$@" >"$results/$name.log" 2>&1 &
  beside[$name]=$!
}

end() {
  step "$1"
  wait "${beside[$1]}"
  local status=$?
  cat "$results/$1.log"
  return "$status"
}

check_end() {
  if ! end "$1"; then
    fail "$1"
  fi
}

finish() {
  if [ "$failed" -gt 0 ]; then
    printf '\n== What failed\n'
    [ ${#broken[@]} -eq 0 ] || printf '%s\n' "${broken[@]}"
    node tests/failures.mjs "$results"
  fi
  printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# apt-get waits for another one's lock on packages when it is told to, but never for the one on the lists (update) or on what is
# downloaded: there it fails at once, so it is asked again until 10 min are over.
apt() {
  local until=$((SECONDS + 600)) said
  while true; do
    said=$(DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@" 2>&1) && { echo "$said"; return 0; }
    if ! grep -qE 'Could not get lock|Unable to (lock|acquire)' <<<"$said" || [ "$SECONDS" -ge "$until" ]; then
      echo "$said"
      return 1
    fi
    sleep 2
  done
}

chromium=${NETRA_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$chromium" ]; then
  step "Installing Chromium"
  if ! { apt update -qq && apt install -y -qq chromium fonts-dejavu-core; } >"$results/apt.log" 2>&1; then
    tail -n 5 "$results/apt.log"
    fail "Chromium could not be installed; set NETRA_CHROMIUM to a browser that is there"
  fi
fi

# What alerts and metrics are sent to, what counts system calls, what stands in front of servers, and what checks their units and cuts their
# network. Services that the packages bring are not to start, not even for a moment.
policy=/usr/sbin/policy-rc.d
for program in prometheus prometheus-alertmanager strace haproxy nginx ip:iproute2 systemd-analyze:systemd; do
  package=${program#*:}
  command -v "${program%:*}" >/dev/null && continue
  step "Installing $package"
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && trap 'rm -f "$policy"' EXIT; }
  if ! { apt update -qq && apt install -y -qq --no-install-recommends "$package"; } >"$results/apt-$package.log" 2>&1; then
    tail -n 5 "$results/apt-$package.log"
    fail "$package could not be installed"
    continue
  fi
  service "$package" stop >/dev/null 2>&1 || true
done

begin "OTLP receiver" npm ci --prefix tests/otlp-receiver --no-audit --no-fund --silent

step "Building"
if ! dotnet build Netra.Pipeline.sln -nologo -v quiet -clp:ErrorsOnly; then
  fail "the build"
  finish
fi

# The build has installed and built both packages.
web_tests() {
  local root=$PWD status=0
  for package in client app; do
    cd "$root/src/web/$package" && npm run --silent check \
      && npx --no-install vitest run --reporter=default --reporter=json --outputFile="$root/$results/web-$package.json" \
      || status=1
  done
  return "$status"
}

check_end "OTLP receiver"

# Style and analyzers are errors of the build, and the order of imports is a test. White space needs no build.
check "Format" dotnet format whitespace . --folder --verify-no-changes --exclude artifacts
begin "Web tests" web_tests
check "Peers" bench/peers/build
end "Web tests"
web=$?
web_failed=0
for report in "$results"/web-{client,app}.json; do
  if [ -s "$report" ]; then
    read -r p f s < <(node -e '
      const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
      console.log(r.numPassedTests, r.numFailedTests, r.numPendingTests + r.numTodoTests);' "$report")
    passed=$((passed + p)) web_failed=$((web_failed + f)) skipped=$((skipped + s))
  else
    fail "$report is not there"
  fi
done
[ "$web" -eq 0 ] || [ "$web_failed" -gt 0 ] || fail "the web tests ended with $web"
failed=$((failed + web_failed))

# Test projects run one after the other: two cores, and some of them measure how long nothing may take.
for project in tests/Netra.Pipeline.Tests tests/Netra.Pipeline.BrowserTests; do
  name=$(basename "$project")
  step "$name"
  dotnet test "$project" --no-build -nologo --logger "trx;LogFileName=$name.trx" --results-directory "$results" --blame-hang-timeout 4m
  status=$?
  trx="$results/$name.trx"
  if [ -s "$trx" ]; then
    counters=$(grep -o '<Counters [^>]*>' "$trx" | head -n 1)
    count() { sed -E "s/.* $1=\"([0-9]+)\".*/\1/" <<<"$counters"; }
    p=$(count passed) f=$(count failed) total=$(count total)
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + total - p - f))
    [ "$status" -eq 0 ] || [ "$f" -gt 0 ] || fail "$name ended with $status"
  else
    fail "$name left no report"
  fi
done

finish
