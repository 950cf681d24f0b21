#!/usr/bin/env bash
# A day at the company with nothing but bash and curl: from an empty installation to a completed
# job. Start a server, make its first person, and run this:
#
#   dispatch-hub serve &
#   echo 'a good password' | dispatch-hub admin create --email admin@example.org
#   ADMIN_PASSWORD='a good password' docs/examples/day.sh http://127.0.0.1:8080
set -euo pipefail

hub=${1:-http://127.0.0.1:8080}
admin_email=${ADMIN_EMAIL:-admin@example.org}
admin_password=${ADMIN_PASSWORD:?the password that the admin was made with}

# Commands are named by ids that the client makes (UUID version 7: the time first), so that a
# command that is sent again, because its answer was lost, is not done again.
new_id() {
    local time random
    time=$(printf '%012x' "$(($(date +%s) * 1000))")
    random=$(tr -d - </proc/sys/kernel/random/uuid)
    echo "${time:0:8}-${time:8:4}-7${random:0:3}-8${random:3:3}-${random:6:12}"
}

# field NAME JSON: the first text of that name.
field() {
    local text=${2#*\"$1\":\"}
    [[ $text != "$2" ]] || { echo "no $1 in $2" >&2; exit 1; }
    echo "${text%%\"*}"
}

# post PATH BODY [HEADER...]: the answer; a failure is shown and ends the script.
post() {
    local path=$1 body=$2 header headers=() answer
    shift 2
    for header in "$@"; do headers+=(-H "$header"); done
    answer=$(curl --silent --show-error --max-time 20 -w '\n%{http_code}' -H 'Content-Type: application/json' \
        ${headers[@]+"${headers[@]}"} -d "$body" "$hub/api/v1/$path")
    [[ ${answer##*$'\n'} == 200 ]] || { echo "$path $body: $answer" >&2; exit 1; }
    echo "${answer%$'\n'*}"
}

# command TOKEN KIND PARAMETERS: the command's result.
command() {
    post "commands/$2" "$3" "Authorization: Bearer $1" "Idempotency-Key: $(new_id)"
}

# sign_in EMAIL PASSWORD: an access token.
sign_in() {
    field access_token "$(post sessions "{\"email\":\"$1\",\"password\":\"$2\"}")"
}

# Times are UTC on the wire. The zone's own clock is set so that it is morning there now: then this
# works at any hour.
quarter=$((($(date +%s) / 900 + 1) * 900))
at() { date -u -d "@$((quarter + $1 * 60))" +%Y-%m-%dT%H:%M:%SZ; }
west=$((10#$(date -u +%H) - 9))
if ((west > 12)); then west=$((west - 24)); fi
time_zone=$(printf 'Etc/GMT%+d' "$west")
date_there() { TZ=$time_zone date -d "@$((quarter + $1 * 60))" +%F; }

echo "== The company opens: a zone, a service, a manager, a cleaner with a shift"
admin=$(sign_in "$admin_email" "$admin_password")
day='{"opens":0,"closes":1440}'
command "$admin" admin.zone_save '{"slug":"center","name":"Center","time_zone":"'"$time_zone"'",
    "polygon":[[13.3,52.4],[13.5,52.4],[13.5,52.6],[13.3,52.6],[13.3,52.4]],
    "opening_hours":['"$day,$day,$day,$day,$day,$day,$day"']}' >/dev/null
command "$admin" admin.service_save '{"slug":"standard","name":"Standard cleaning",
    "duration_minutes":60,"crew_size":1,"skills":["cleaning"],"travel_buffer_minutes":15,
    "lead_time_minutes":0,"booking_window_days":14,"slot_step_minutes":15,"price_minor":4900,
    "currency":"EUR","active":true}' >/dev/null
secret=$(new_id)
command "$admin" admin.user_save '{"role":"manager","name":"Mara","email":"mara@example.org",
    "password":"'"$secret"'"}' >/dev/null
manager=$(sign_in mara@example.org "$secret")
anna=$(field cleaner "$(command "$manager" admin.cleaner_save '{"name":"Anna Schmidt",
    "phone":"+49 30 1234567","email":"anna@example.org","zones":["center"],
    "skills":["cleaning"],"active":true}')")
command "$manager" admin.user_save '{"account":"'"$anna"'","role":"cleaner","name":"Anna Schmidt",
    "password":"'"$secret"'","expected_version":1}' >/dev/null
command "$manager" shift.publish '{"cleaner":"'"$anna"'","zone":"center",
    "start":"'"$(at 0)"'","end":"'"$(at 480)"'"}' >/dev/null

echo "== A customer, who need not sign up, looks at what is free and books"
slots=$(curl --silent --fail "$hub/api/v1/channels/slots:center:$(date_there 15)")
[[ $slots == *"\"start\":\"$(at 15)\""* ]] || { echo "not free: $slots" >&2; exit 1; }
customer=$(field access_token "$(post sessions '{"guest":true}')")
hold=$(field hold "$(command "$customer" hold.place '{"zone":"center","service":"standard",
    "start":"'"$(at 15)"'"}')")
command "$customer" customer.update '{"name":"Clara","phone":"+49 30 7654321"}' >/dev/null
property=$(field property "$(command "$customer" property.add '{"address":"Sample Street 1",
    "lon":13.4,"lat":52.5}')")
booked=$(command "$customer" booking.confirm '{"hold":"'"$hold"'","property":"'"$property"'"}')
job=$(field job "$booked")
booking=$(field booking "$booked")

echo "== The cleaner finds the job on the board, claims it and does it"
cleaner=$(sign_in anna@example.org "$secret")
board=$(curl --silent --fail -H "Authorization: Bearer $cleaner" "$hub/api/v1/channels/board:center")
[[ $board == *"$job"* ]] || { echo "not on the board: $board" >&2; exit 1; }
for step in claim acknowledge depart arrive start complete; do
    command "$cleaner" "job.$step" '{"job":"'"$job"'"}' >/dev/null
    echo "   job.$step"
done

echo "== The customer sees that it is done"
view=$(curl --silent --fail -H "Authorization: Bearer $customer" "$hub/api/v1/channels/booking:$booking")
[[ $view == *'"status":"completed"'* ]] || { echo "not completed: $view" >&2; exit 1; }
echo "Booking $booking: completed"
