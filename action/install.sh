#!/usr/bin/env bash
# Installs the action's own version of ablit-migrate into an environment beside the job's.
#
# Needs PYTHON. Python is always run isolated (-I): otherwise it would import from the folder it stands in, which is
# the checkout of a pull request.
set -euo pipefail

environment=$RUNNER_TEMP/ablit-migrate
"$PYTHON" -I -m venv "$environment"
if [ -d "$environment/Scripts" ]; then programs=$environment/Scripts; else programs=$environment/bin; fi
"$programs/python" -I -m pip install --quiet --disable-pip-version-check "$GITHUB_ACTION_PATH"
{
  echo "python=$programs/python"
  echo "program=$programs/ablit-migrate"
} >> "$GITHUB_OUTPUT"
