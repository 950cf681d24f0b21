import { describe, expect, it } from 'vitest';
import { applyBody, NO_ROWS } from '../hub/reducer';
import { ZONE } from '../testing/renderScreen';
import type { JobStatus, Row } from '../wire';
import { worthKeeping } from './offlineDay';

const NOW = Date.parse('2026-11-20T23:30:00Z');
const job = (id: string, local_date: string, status: JobStatus = 'assigned'): Row => ({
  ...{ kind: 'agenda_job', id, version: 1, number: 1, status, zone: 'center', service: 'standard' },
  ...{ local_date, starts_at: `${local_date}T10:00:00Z`, duration_minutes: 60, travel_buffer_minutes: 15 },
  ...{ customer_name: 'Ada', customer_phone: null, address: 'Here', access_notes: '', lon: 13, lat: 52 },
  ...{ lead: true, with: [], times: {} },
});

describe('what a phone keeps of the agenda', () => {
  it('is today and tomorrow by the zone’s clock, and what is still under way', () => {
    const set = [
      job('yesterday', '2026-11-20'),
      job('late', '2026-11-20', 'in_progress'),
      job('today', '2026-11-21'),
      job('tomorrow', '2026-11-22'),
      job('after', '2026-11-23'),
    ];
    const rows = applyBody(NO_ROWS, { at: '', set, unset: [] });
    const kept = (timeZone: string) =>
      worthKeeping(rows, [{ ...ZONE, time_zone: timeZone }], NOW).map((row) => row.id);
    expect(kept('Europe/Berlin')).toEqual(['late', 'today', 'tomorrow']);
    expect(kept('UTC')).toEqual(['yesterday', 'late', 'today']);
  });
});
