#!/usr/bin/env bash
# Puts the report into one comment of the pull request and keeps it up to date.
#
# Needs GH_TOKEN, PYTHON, REPORT (Markdown) and SARIF, besides what every step has. A comment is ours when it begins
# with our mark and the token's owner wrote it; another's comment with the same mark is left alone. Where there is
# nothing to tell, no comment is made, but one that is there is brought up to date.
set -euo pipefail

mark='<!-- ablit-migrate -->'

# Isolated (-I): the checkout, in which this runs, must not be imported from.
number=$("$PYTHON" -I -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    print(json.load(file).get("pull_request", {}).get("number", ""))
' "$GITHUB_EVENT_PATH")
if [ -z "$number" ]; then
  echo "Not a pull request: there is nothing to comment on."
  exit 0
fi
worth_telling=$("$PYTHON" -I -c '
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    results = json.load(file)["runs"][0]["results"]
print(any(result["properties"]["status"] != "keep" for result in results))
' "$SARIF")

body=$(mktemp "$RUNNER_TEMP/ablit-comment.XXXXXX")
{
  echo "$mark"
  cat -- "$REPORT"
} > "$body"

could_not() {
  echo "::warning title=ablit-migrate::The report is in the job summary; it could not be made a comment. A pull" \
    "request from a fork has a token that only reads."
  exit 0
}

# shellcheck disable=SC2016 # the dollars are GraphQL's
ours=$(gh api graphql --paginate \
  --raw-field owner="${GITHUB_REPOSITORY%%/*}" --raw-field name="${GITHUB_REPOSITORY#*/}" --field number="$number" \
  --raw-field query='query($owner: String!, $name: String!, $number: Int!, $endCursor: String) {
    repository(owner: $owner, name: $name) { pullRequest(number: $number) {
      comments(first: 100, after: $endCursor) {
        nodes { databaseId viewerDidAuthor body } pageInfo { hasNextPage endCursor } } } } }' \
  --jq ".data.repository.pullRequest.comments.nodes[]
    | select(.viewerDidAuthor and (.body | startswith(\"$mark\"))) | .databaseId") || could_not
ours=${ours%%$'\n'*}

if [ -n "$ours" ]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$ours" --field body=@"$body" || could_not
elif [ "$worth_telling" = True ]; then
  gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" --field body=@"$body" || could_not
fi
