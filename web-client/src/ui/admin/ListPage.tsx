/** A page with a list: heading, filters, the rows, and how it stands when there are none. */
import { Plus } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { Pages } from '../../state/admin/reading';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import { Empty, Failure } from '../parts/Notice';
import { Skeleton } from '../parts/Skeleton';
import { setSearch, useSearch } from '../router';
import css from './ListPage.module.css';
import { useAdminTexts } from './texts';

interface PageProps {
  readonly title: string;
  readonly lead?: string;
  /** What a new row is called. */
  readonly add?: { readonly label: string; readonly onClick: () => void };
  readonly extra?: ReactNode;
  readonly filters?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, lead, add, extra, filters, children }: PageProps) {
  return (
    <>
      <header className={css.header}>
        <div className={css.words}>
          <h1>{title}</h1>
          {lead !== undefined && <p className={css.lead}>{lead}</p>}
        </div>
        <div className={css.actions}>
          {extra}
          {add !== undefined && (
            <Button weight="primary" icon={<Plus size={18} aria-hidden />} onClick={add.onClick}>
              {add.label}
            </Button>
          )}
        </div>
      </header>
      {filters !== undefined && <div className={css.filters}>{filters}</div>}
      {children}
    </>
  );
}

export interface Column<Row> {
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  readonly narrow?: boolean;
}

interface TableProps<Row> {
  readonly label: string;
  readonly list: Pages<Row> & { readonly more?: () => void; readonly reload: () => unknown };
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** What the row is called in its button. */
  readonly nameOf: (row: Row) => ReactNode;
  readonly onOpen: (row: Row) => void;
  readonly empty: { readonly title: string; readonly hint?: string; readonly action?: ReactNode };
}

export function Table<Row>({ label, list, columns, keyOf, nameOf, onOpen, empty }: TableProps<Row>) {
  const { a, t } = useAdminTexts();
  if (list.kind === 'failed' && list.rows.length === 0) {
    return (
      <Failure
        title={list.code === 'forbidden' ? t.refusal.forbidden : t.common.unreachable}
        code={list.code}
        onRetry={() => void list.reload()}
      />
    );
  }
  if (list.kind === 'loading' && list.rows.length === 0) return <Skeleton rows={6} height={48} gap={4} />;
  if (list.rows.length === 0) {
    return (
      <Empty title={empty.title} {...(empty.hint === undefined ? {} : { hint: empty.hint })}>
        {empty.action}
      </Empty>
    );
  }
  return (
    <>
      <table className={css.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.label} scope="col" className={cx(column.narrow && css.narrow)}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column, place) =>
                place === 0 ? (
                  <th key={column.label} scope="row">
                    <button type="button" className={css.open} onClick={() => onOpen(row)}>
                      {nameOf(row)}
                    </button>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td
                    key={column.label}
                    data-label={column.label}
                    className={cx(column.narrow && css.narrow)}
                  >
                    {column.cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {list.kind === 'failed' && (
        <Failure title={t.common.unreachable} code={list.code} onRetry={() => void list.reload()} />
      )}
      {list.next !== null && list.more !== undefined && (
        <div className={css.more}>
          <Button onClick={list.more}>{a.more}</Button>
        </div>
      )}
    </>
  );
}

interface FilterProps {
  readonly name: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  /** What stands for no filter. */
  readonly all?: string;
}

/** A choice that lives in the address. */
export function Filter({ name, label, options, all }: FilterProps) {
  const search = useSearch();
  return (
    <label className={css.filter}>
      <span>{label}</span>
      <select
        value={search.get(name) ?? ''}
        onChange={(event) => setSearch({ [name]: event.target.value === '' ? null : event.target.value })}
      >
        {all !== undefined && <option value="">{all}</option>}
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface FilterTextProps {
  readonly name: string;
  readonly label: string;
  readonly type?: string;
  /** What is meant where the address says nothing. */
  readonly usual?: string;
}

/** A text or a date that lives in the address. */
export function FilterText({ name, label, type = 'search', usual = '' }: FilterTextProps) {
  const search = useSearch();
  const id = useId();
  return (
    <label className={css.filter} htmlFor={id}>
      <span>{label}</span>
      <input
        id={id}
        type={type}
        maxLength={100}
        value={search.get(name) ?? usual}
        onChange={(event) => setSearch({ [name]: event.target.value === '' ? null : event.target.value })}
      />
    </label>
  );
}

/** Yes or no, as a mark with its word. */
export function Mark({ on, yes, no }: { on: boolean; yes: string; no: string }) {
  return <span className={on ? css.on : css.off}>{on ? yes : no}</span>;
}
