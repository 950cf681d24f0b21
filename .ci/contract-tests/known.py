"""Signs everybody in and writes what there is to ask for: tokens by role, ids by kind.

Arguments: the server's address, a file for the ids, then role=address of mail of each person.
Prints role and token, a line each.
"""

import datetime
import json
import sys
import urllib.parse
import urllib.request

BASE, KNOWN, PASSWORD, *PEOPLE = sys.argv[1:]


def ask(path, token=None, body=None):
    request = urllib.request.Request(BASE + path)
    request.add_header("content-type", "application/json")
    if token:
        request.add_header("authorization", f"Bearer {token}")
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(request, data, timeout=10) as answer:
        return json.load(answer)


def rows(channel, token):
    return ask("/api/v1/channels/" + urllib.parse.quote(channel), token)["data"]["set"]


sessions = {}
for person in PEOPLE:
    role, email = person.split("=")
    sessions[role] = ask("/api/v1/sessions", body={"email": email, "password": PASSWORD})

staff = sessions["dispatcher"]["access_token"]
today = datetime.datetime.now(datetime.timezone.utc).date()
found = {"date": [str(today)], "zone": [zone["slug"] for zone in ask("/api/v1/zones")]}


def note(kind, value):
    if value and value not in found.setdefault(kind, []):
        found[kind].append(value)


for day in range(-1, 4):
    for zone in found["zone"]:
        for row in rows(f"control:{zone}:{today + datetime.timedelta(day)}", staff):
            note(row["kind"], row["id"])
            note("booking", row.get("booking"))
            note("customer", row.get("customer"))
# The customer's and the cleaner's own things first and last: decisions need somebody's own.
mine = sessions["customer"]
for row in rows(f"customer:{mine['user']['id']}", mine["access_token"]):
    note(row["kind"], row["id"])
for kind in found:
    found[kind] = found[kind][-40:]

with open(KNOWN, "w", encoding="utf-8") as file:
    json.dump(found, file)
for role, session in sessions.items():
    print(role, session["access_token"])
