/** How instances were, over the last minutes: what the charts are drawn from. Pure. */
import type { InstanceRow } from '../../wire';

export interface Sample {
  readonly at: number;
  readonly connections: number;
  readonly queuedBytes: number;
  readonly lagMs: number;
  /** Commands decided per second since the sample before; nothing to compare with is 0. */
  readonly commandsPerSecond: number;
}

export type Samples = ReadonlyMap<string, { readonly last: InstanceRow; readonly series: readonly Sample[] }>;

/** Five minutes of one every five seconds. */
export const KEPT = 60;
/** Whoever said nothing for so long is gone, or cannot say it. */
export const SILENT_MS = 20_000;

const decided = (row: InstanceRow) => row.accepted + row.rejected + row.refused;

/** Takes what is new of each instance; those that are not told of any more go. */
export function sampled(samples: Samples, rows: readonly InstanceRow[]): Samples {
  const entries = rows.map((row) => {
    const known = samples.get(row.id);
    if (known !== undefined && known.last.version >= row.version) return [row.id, known] as const;
    const at = Date.parse(row.at);
    const seconds = known === undefined ? 0 : (at - Date.parse(known.last.at)) / 1000;
    const rate = known === undefined || seconds <= 0 ? 0 : (decided(row) - decided(known.last)) / seconds;
    const sample: Sample = {
      at,
      connections: row.connections,
      queuedBytes: row.queued_bytes,
      lagMs: row.log_age_ms,
      commandsPerSecond: Math.max(0, rate),
    };
    return [row.id, { last: row, series: [...(known?.series ?? []), sample].slice(-KEPT) }] as const;
  });
  return new Map(entries);
}
