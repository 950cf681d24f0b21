/** Who asked for what, when, and how it was decided; with what it changed. */
import { useEffect, useState } from 'react';
import { aboutOf, type Change, difference, madeBy } from '../../state/admin/difference';
import { daysRange, isDate } from '../../state/admin/moments';
import { type Fields, pathOf, readAs, useList } from '../../state/admin/reading';
import { useServices } from '../../state/services';
import type {
  AuditPage as AuditAnswer,
  AuditRecord,
  EventPage,
  EventRecord,
  RejectionCode,
} from '../../wire';
import { Skeleton } from '../parts/Skeleton';
import { useSearch } from '../router';
import css from './AuditPage.module.css';
import { Changes } from './Changes';
import { Drawer } from './Drawer';
import { Filter, FilterText, Mark, Page, Table } from './ListPage';
import { useAdminTexts } from './texts';
import { useOpenRow } from './useOpenRow';

const ROWS = 50;

export function AuditPage() {
  const { a, t, format } = useAdminTexts();
  const { rest, session } = useServices();
  const search = useSearch();
  const open = useOpenRow();
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const filter = filterOf(search, zone);
  const list = useList<AuditRecord>(pathOf('/api/v1/audit', filter), async (before) => {
    const path = pathOf('/api/v1/audit', { ...filter, limit: ROWS, before });
    const page = await readAs<AuditAnswer>(rest, session, path);
    return { rows: page.entries, next: page.next };
  });
  const entry = list.rows.find(({ command_id }) => command_id === open.id) ?? null;
  return (
    <Page
      title={a.nav.audit}
      lead={a.audit.lead}
      filters={
        <>
          <Filter
            name="kind"
            label={a.audit.what}
            all={a.all}
            options={Object.entries(a.commands).map(([value, label]) => ({ value, label }))}
          />
          <Filter
            name="outcome"
            label={a.audit.outcome}
            all={a.all}
            options={[
              { value: 'accepted', label: a.audit.accepted },
              { value: 'rejected', label: a.audit.rejected },
            ]}
          />
          <WhoFilter />
          <FilterText name="about" label={a.audit.about} />
          <FilterText name="from" label={a.from} type="date" />
          <FilterText name="until" label={a.until} type="date" />
        </>
      }
    >
      <Table<AuditRecord>
        label={a.nav.audit}
        list={list}
        keyOf={(row) => `${row.actor} ${row.command_id}`}
        nameOf={(row) => commandName(a.commands, row.kind)}
        onOpen={(row) => open.show(row.command_id)}
        empty={{ title: a.audit.none, hint: a.otherFilters }}
        columns={[
          { label: a.audit.what, cell: () => null },
          { label: a.audit.who, cell: (row) => row.actor_name ?? t.signIn.roles.system },
          { label: a.audit.when, cell: (row) => format.moment(row.at, zone, 0), narrow: true },
          {
            label: a.audit.outcome,
            cell: (row) => (
              <Mark
                on={row.outcome === 'accepted'}
                yes={a.audit.accepted}
                no={row.code === null ? a.audit.rejected : reason(t.rejection, row.code)}
              />
            ),
          },
        ]}
      />
      {entry !== null && <Entry entry={entry} onClose={open.close} />}
    </Page>
  );
}

function filterOf(search: URLSearchParams, timeZone: string): Fields {
  const text = (name: string) => search.get(name) ?? undefined;
  const [from, until] = [search.get('from') ?? '', search.get('until') ?? ''];
  const about = text('about')?.trim();
  return {
    kind: text('kind'),
    outcome: text('outcome'),
    actor: text('actor'),
    // What is not a row's name yet is not asked for.
    aggregate: about !== undefined && /^[a-z_]+:\S+$/.test(about) ? about : undefined,
    from: isDate(from) ? daysRange(from, from, timeZone).from : undefined,
    until: isDate(until) ? daysRange(until, until, timeZone).until : undefined,
  };
}

function commandName(names: Readonly<Record<string, string>>, kind: string): string {
  return names[kind] ?? kind;
}

function reason(codes: Readonly<Record<RejectionCode, string>>, code: string): string {
  return (codes as Readonly<Record<string, string | undefined>>)[code] ?? code;
}

/** The person, once one was followed from an entry. */
function WhoFilter() {
  const { a } = useAdminTexts();
  const search = useSearch();
  const actor = search.get('actor');
  if (actor === null) return null;
  const name = search.get('who') ?? actor;
  return <Filter name="actor" label={a.audit.who} all={a.all} options={[{ value: actor, label: name }]} />;
}

type Looked =
  | { readonly kind: 'looking' }
  | { readonly kind: 'found'; readonly changes: readonly Change[] }
  | { readonly kind: 'untold' };

/** Facts of one row that are looked through for what came before. */
const FACTS = 1000;

function useChanges(entry: AuditRecord): Looked {
  const { rest, session } = useServices();
  const [looked, setLooked] = useState<Looked>({ kind: 'looking' });
  useEffect(() => {
    let over = false;
    const look = async (): Promise<Looked> => {
      const about = aboutOf(entry.kind, entry.parameters);
      if (about === null || entry.outcome !== 'accepted') {
        return { kind: 'found', changes: difference({}, entry.parameters) };
      }
      const facts: EventRecord[] = [];
      let after: string | undefined;
      for (let page = 0; page < 5; page++) {
        const path = pathOf('/api/v1/events', { aggregate: about, limit: FACTS, after });
        const read = await readAs<EventPage>(rest, session, path);
        facts.push(...read.events);
        after = read.next;
        if (read.at_end) break;
      }
      const changes = madeBy(entry.command_id, facts);
      return { kind: 'found', changes: changes.length > 0 ? changes : difference({}, entry.parameters) };
    };
    void look()
      .catch((): Looked => ({ kind: 'untold' }))
      .then((found) => !over && setLooked(found));
    return () => {
      over = true;
    };
  }, [entry, rest, session]);
  return looked;
}

function Entry({ entry, onClose }: { entry: AuditRecord; onClose: () => void }) {
  const { a, t, format } = useAdminTexts();
  const open = useOpenRow('actor');
  const about = useOpenRow('about');
  const looked = useChanges(entry);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const row = aboutOf(entry.kind, entry.parameters);
  const name = entry.actor_name ?? t.signIn.roles.system;
  return (
    <Drawer
      title={commandName(a.commands, entry.kind)}
      lead={`${format.moment(entry.at, zone, 0)} · ${name}`}
      dirty={false}
      onClose={onClose}
    >
      <dl className={css.facts}>
        <dt>{a.audit.outcome}</dt>
        <dd>
          {entry.outcome === 'accepted' ? a.audit.accepted : a.audit.rejected}
          {entry.code !== null && `: ${reason(t.rejection, entry.code)}`}
        </dd>
        <dt>{a.audit.who}</dt>
        <dd>
          <button
            type="button"
            onClick={() => {
              onClose();
              open.show(entry.actor, { who: name });
            }}
          >
            {name}
          </button>{' '}
          · {(t.signIn.roles as Readonly<Record<string, string>>)[entry.actor_role] ?? entry.actor_role}
        </dd>
        <dt>{a.audit.via}</dt>
        <dd>{(a.audit.vias as Readonly<Record<string, string>>)[entry.via] ?? entry.via}</dd>
        {row !== null && (
          <>
            <dt>{a.audit.about}</dt>
            <dd>
              <button
                type="button"
                onClick={() => {
                  onClose();
                  about.show(row);
                }}
              >
                {row}
              </button>
            </dd>
          </>
        )}
        <dt>{a.audit.command}</dt>
        <dd>
          <code>{entry.command_id}</code>
        </dd>
      </dl>
      <section className={css.section}>
        <h3>{entry.outcome === 'accepted' ? a.audit.changed : a.audit.askedFor}</h3>
        {looked.kind === 'looking' && <Skeleton rows={3} height={24} />}
        {looked.kind === 'untold' && <p>{t.common.unreachable}</p>}
        {looked.kind === 'found' &&
          (looked.changes.length === 0 ? <p>{a.audit.nothing}</p> : <Changes changes={looked.changes} />)}
      </section>
    </Drawer>
  );
}
