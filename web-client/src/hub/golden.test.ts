// The engine's golden frames (hub/golden), held against the SDK: its codecs are not ours and were
// made from the protocol's own schema.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Centrifuge as JsonCentrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { describe, expect, it } from 'vitest';

type Members = { [name: string]: unknown };

type Golden = { name: string; json: string; protobuf: string };
type GoldenDelta = { name: string; old: string; new: string; delta: string | null };
type GoldenStep = { body: string; json: string; protobuf: string };

/** The part of the SDK's codecs that both have. */
interface Codec<Frame, Data> {
  encodeCommands(commands: unknown[]): Frame;
  decodeReplies(frame: Frame): unknown[];
  applyDeltaIfNeeded(
    publication: { data: Data; delta?: boolean },
    previous: Uint8Array | undefined,
  ): { newData: unknown; newPrevValue: Uint8Array; isDelta: boolean };
}

function codecOf<C>(client: unknown): C {
  return (client as { _codec: C })._codec;
}

const json: Codec<string, string> = codecOf(new JsonCentrifuge('ws://nowhere'));
const protobuf: Codec<Uint8Array, Uint8Array> = codecOf(new ProtobufCentrifuge('ws://nowhere'));

const FOLDER = join(import.meta.dirname, '../../../hub/golden');

function golden<T>(file: string): T[] {
  return JSON.parse(readFileSync(join(FOLDER, `${file}.json`), 'utf8')) as T[];
}

function bytes(hex: string): Uint8Array {
  const pairs = hex.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

function hex(frame: Uint8Array): string {
  return Array.from(frame, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const BODIES = new Set(['data', 'conn_info', 'chan_info']);

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What JSON says, as Protobuf takes it: bodies are bytes of their JSON. */
function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isMembers(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    BODIES.has(name) ? new TextEncoder().encode(JSON.stringify(member)) : withBytes(member),
  ]);
  return Object.fromEntries(members);
}

/** A large number, as protobuf.js gives it. */
function isLong(value: unknown): value is { toNumber(): number } {
  return isMembers(value) && 'low' in value && 'high' in value;
}

/** What Protobuf said, with bodies as the values they are. */
function withValues(value: unknown): unknown {
  if (value instanceof Uint8Array) return JSON.parse(new TextDecoder().decode(value));
  if (Array.isArray(value)) return value.map(withValues);
  if (isLong(value)) return value.toNumber();
  if (!isMembers(value)) return value;
  return withoutZeros(Object.entries(value).map(([name, member]) => [name, withValues(member)]));
}

/** Maps that the SDK's reader makes even where nothing was said. */
const MAPS = new Set(['tags', 'subs']);

/** JSON writes some zeros, for clients that have no default; Protobuf writes none. */
function isZero([name, value]: [string, unknown]): boolean {
  if (MAPS.has(name) && isMembers(value)) return Object.keys(value).length === 0;
  if (Array.isArray(value)) return value.length === 0;
  return value === 0 || value === '' || value === false;
}

function withoutZeros(members: [string, unknown][]): Members {
  return Object.fromEntries(members.filter((member) => !isZero(member)));
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (!isMembers(value)) return value;
  return withoutZeros(
    Object.entries(value).map(([name, member]) => [name, BODIES.has(name) ? member : normal(member)]),
  );
}

/** Subscribers who take deltas get bodies as text. */
function asText(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

describe('golden commands', () => {
  it.each(golden<Golden>('commands'))('$name is written as the SDK writes it', (command) => {
    const said: unknown = JSON.parse(command.json);
    expect(json.encodeCommands([said])).toBe(command.json);
    // A filter is a message of its own, which the engine never looks into.
    const written = hex(protobuf.encodeCommands([withBytes(said)]));
    expect(written).toBe(command.protobuf);
  });
});

describe('golden replies', () => {
  const takesDeltas = (name: string) => /delta/.test(name);

  it.each(golden<Golden>('replies').filter(({ name }) => !takesDeltas(name)))(
    '$name is read by the SDK',
    (reply) => {
      const [said] = json.decodeReplies(reply.json);
      const [read] = protobuf.decodeReplies(bytes(reply.protobuf));
      expect(withValues(read)).toEqual(normal(said));
    },
  );

  it.each(golden<Golden>('pushes').filter(({ name }) => !takesDeltas(name)))(
    '$name is read by the SDK',
    (push) => {
      const [said] = json.decodeReplies(push.json);
      const [read] = protobuf.decodeReplies(bytes(push.protobuf));
      expect(withValues(read)).toEqual(normal(said));
    },
  );
});

type Publication<Data> = { data: Data; delta?: boolean };
type PushOf<Data> = { push: { pub: Publication<Data> } };
type SubscribedOf<Data> = { subscribe: { publications: Publication<Data>[] } };

describe('golden deltas', () => {
  it.each(golden<GoldenDelta>('deltas').filter(({ delta }) => delta !== null))(
    '$name is applied by the SDK',
    ({ old, new: wanted, delta }) => {
      const previous = new TextEncoder().encode(old);
      const { newPrevValue } = json.applyDeltaIfNeeded({ data: delta ?? '', delta: true }, previous);
      expect(asText(newPrevValue)).toBe(wanted);
    },
  );

  it('make up the bodies of a stream in JSON', () => {
    let previous: Uint8Array | undefined;
    const deltas = golden<GoldenStep>('stream').map((step) => {
      const [reply] = json.decodeReplies(step.json) as PushOf<string>[];
      if (!reply) throw new Error('an empty frame');
      const read = json.applyDeltaIfNeeded(reply.push.pub, previous);
      previous = read.newPrevValue;
      expect(read.newData).toEqual(JSON.parse(step.body));
      return read.isDelta;
    });
    expect(deltas).toEqual([false, true, false, false, true]);
  });

  it('make up the bodies of a stream in Protobuf', () => {
    let previous: Uint8Array | undefined;
    const deltas = golden<GoldenStep>('stream').map((step) => {
      const [reply] = protobuf.decodeReplies(bytes(step.protobuf)) as PushOf<Uint8Array>[];
      if (!reply) throw new Error('an empty frame');
      const read = protobuf.applyDeltaIfNeeded(reply.push.pub, previous);
      previous = read.newPrevValue;
      expect(asText(read.newPrevValue)).toBe(step.body);
      return read.isDelta;
    });
    expect(deltas).toEqual([false, true, false, false, true]);
  });

  it('make up the bodies of a recovery', () => {
    const recovered = golden<Golden>('replies').find(({ name }) => name === 'recovered deltas');
    if (!recovered) throw new Error('no such reply');
    const [said] = json.decodeReplies(recovered.json) as SubscribedOf<string>[];
    const [read] = protobuf.decodeReplies(bytes(recovered.protobuf)) as SubscribedOf<Uint8Array>[];
    const texts: Uint8Array[] = [];
    for (const publication of said?.subscribe.publications ?? []) {
      texts.push(json.applyDeltaIfNeeded(publication, texts.at(-1)).newPrevValue);
    }
    const binaries: Uint8Array[] = [];
    for (const publication of read?.subscribe.publications ?? []) {
      binaries.push(protobuf.applyDeltaIfNeeded(publication, binaries.at(-1)).newPrevValue);
    }
    expect(texts.map(asText)).toEqual(binaries.map(asText));
    expect(texts.map((text) => JSON.parse(asText(text)).last)).toEqual(['é', 'è']);
  });
});
