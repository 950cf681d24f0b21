// Watches a zone's slots, then holds the first one that is free. npm install centrifuge ws
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';
import { randomBytes } from 'node:crypto';

const base = process.env.HUB ?? 'http://127.0.0.1:8080';

async function json(path, body) {
  const response = await fetch(base + path, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

// Command ids are UUIDv7: 48 bits of milliseconds, then randomness.
function uuidv7() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const [zone] = await json('/api/v1/zones');
const service = (await json('/api/v1/services')).find((each) => each.crew_size === 1);
const guest = await json('/api/v1/sessions', { guest: true });
const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

const hub = new Centrifuge(`${base.replace('http', 'ws')}/connection/websocket`, {
  websocket: WebSocket,
  token: guest.access_token,
});
const free = new Map();
const take = (changes) => {
  for (const { service: slug, start, by } of changes) {
    if (slug === service.slug) free.set(start, (free.get(start) ?? 0) + by);
  }
};
const slots = hub.newSubscription(`slots:${zone.slug}:${tomorrow}`);
slots.on('publication', ({ data }) => {
  take(data.free);
  console.log('changed', data.free);
});
slots.on('subscribed', async ({ data }) => {
  if (!data) return; // recovered: the view we have goes on
  free.clear();
  take(data.free);
  const start = [...free].find(([, count]) => count >= service.crew_size)?.[0];
  console.log(`${free.size} starts of ${service.name} in ${zone.name}, holding ${start}`);
  const { data: outcome } = await hub.rpc('hold.place', {
    command_id: uuidv7(), zone: zone.slug, service: service.slug, start,
  });
  console.log(outcome);
});
slots.subscribe();
hub.connect();
