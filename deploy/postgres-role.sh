#!/bin/bash
# Run once by the image of PostgreSQL, on an empty volume: the role that serves. `migrate --grant-to`
# gives it its rights.
set -euo pipefail
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 --set password="$HUB_PASSWORD" <<'SQL'
create role hub login password :'password';
SQL
