"""Watches what a dispatcher's control room shows of today. pip install centrifuge-python"""

import asyncio, datetime, json, os, urllib.request

from centrifuge import Client, SubscriptionEventHandler

BASE = os.environ.get("HUB", "http://127.0.0.1:8080")


def call(path, body=None):
    request = urllib.request.Request(
        BASE + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


class ControlRoom(SubscriptionEventHandler):
    def __init__(self):
        self.rows = {}

    def take(self, body):
        for row in body["set"]:
            self.rows[row["kind"], row["id"]] = row
        for key in body["unset"]:
            self.rows.pop((key["kind"], key["id"]), None)

    async def on_subscribed(self, context):
        if context.data is not None:  # else recovered: the view we have goes on
            self.rows.clear()
            self.take(context.data)
        print(len(self.rows), "rows")

    async def on_publication(self, context):
        self.take(context.pub.data)
        for row in context.pub.data["set"]:
            if row["kind"] == "job":
                print(f"J-{row['number']} {row['status']}")


async def main():
    session = call(
        "/api/v1/sessions",
        {"email": os.environ["EMAIL"], "password": os.environ["PASSWORD"]},
    )
    zone = call("/api/v1/zones")[0]["slug"]
    address = BASE.replace("http", "ws", 1) + "/connection/websocket"
    client = Client(address, token=session["access_token"])
    today = datetime.date.today().isoformat()
    await client.new_subscription(f"control:{zone}:{today}", events=ControlRoom()).subscribe()
    await client.connect()
    await asyncio.sleep(float(os.environ.get("SECONDS_TO_WATCH", "3600")))
    await client.disconnect()


asyncio.run(main())
