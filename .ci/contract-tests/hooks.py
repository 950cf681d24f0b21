"""What schemathesis cannot know from the OpenAPI document: ids of things that exist.

Ids that it makes up get no further than "not found". Most of the well-formed ones are replaced by
ids that the role's own channels and the control room show, so that decisions are made.
HUB_KNOWN names a file of ids by kind.
"""

import json
import os
import secrets
import time
import uuid

import schemathesis

with open(os.environ["HUB_KNOWN"], encoding="utf-8") as file:
    KNOWN = json.load(file)

# By which name a parameter asks for which kind of thing, where it is not the kind's own.
KINDS = {"account": "cleaner"}


def known(name, value):
    """An id that exists, in the place of a made-up one; the same for the same."""
    if not is_id(value):
        return value
    number = uuid.UUID(value).int
    ids = KNOWN.get(KINDS.get(name, name), [])
    # One in eight stays unknown.
    return value if not ids or number % 8 == 0 else ids[number % len(ids)]


def replaced(fields):
    if not isinstance(fields, dict):
        return fields
    return {
        name: known(name, value) if isinstance(value, str) else value
        for name, value in fields.items()
    }


@schemathesis.hook
def map_body(context, body):
    body = replaced(body)
    # An id that was used before gives the stored outcome and decides nothing.
    if isinstance(body, dict) and is_id(body.get("command_id")):
        del body["command_id"]
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    """A command needs an id of its own; one that is malformed on purpose stays so."""
    if "/commands/" in case.path:
        given = (case.headers or {}).get("Idempotency-Key")
        if given is None or is_id(given):
            case.headers = {**(case.headers or {}), "Idempotency-Key": new_id()}


@schemathesis.hook
def map_path_parameters(context, parameters):
    parameters = replaced(parameters)
    if isinstance(parameters, dict):
        for name in ("zone", "date"):
            if name in parameters and hash(str(parameters[name])) % 4:
                parameters[name] = KNOWN[name][0]
    return parameters


def is_id(value):
    try:
        return bool(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        return False


def new_id():
    """A UUID version 7."""
    random = secrets.randbits(74)
    now = int(time.time() * 1000)
    return str(uuid.UUID(int=(now << 80) | (7 << 76) | (random >> 62 << 64) | (2 << 62) | random & (1 << 62) - 1))
