#!/usr/bin/env bash
# Runs the check, writes the job summary, and leaves the reports for the steps that follow.
#
# Needs ABLIT_MIGRATE and CHECKED_PATHS (one a line). Fails when the command itself fails, not when something would change.
set -euo pipefail

paths=()
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  if [ -n "$line" ]; then paths+=("$line"); fi
done <<< "$CHECKED_PATHS"

folder=$(mktemp -d "$RUNNER_TEMP/ablit-report.XXXXXX")

report() {
  local format=$1 file=$2
  shift 2
  "$ABLIT_MIGRATE" --quiet --output-format "$format" --output "$file" "$@" -- "${paths[@]-.}"
}

changes=false
status=0
report markdown "$folder/report.md" --check || status=$?
if [ "$status" -eq 1 ] && [ -s "$folder/report.md" ]; then
  changes=true
elif [ "$status" -ne 0 ]; then
  exit "$status"
fi
report sarif "$folder/report.sarif"
report github "$folder/annotations.txt"

cat -- "$folder/report.md" >> "$GITHUB_STEP_SUMMARY"
{
  echo "changes=$changes"
  echo "report=$folder/report.md"
  echo "sarif=$folder/report.sarif"
  echo "annotations=$folder/annotations.txt"
} >> "$GITHUB_OUTPUT"
