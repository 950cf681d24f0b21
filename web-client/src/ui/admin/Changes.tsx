/** What changed, field by field: before, and after. */
import type { Change } from '../../state/admin/difference';
import css from './Changes.module.css';
import { useAdminTexts } from './texts';

export function Changes({ changes }: { changes: readonly Change[] }) {
  const { a } = useAdminTexts();
  return (
    <dl className={css.changes}>
      {changes.map((change) => (
        <div key={change.path} className={css.change}>
          <dt>{labelOf(a.fieldNames, change.path)}</dt>
          <dd>
            {change.kind === 'list' ? (
              <>
                {change.gone.map((value) => (
                  <Value key={`gone ${String(value)}`} kind="before" value={value} />
                ))}
                {change.came.map((value) => (
                  <Value key={`came ${String(value)}`} kind="after" value={value} />
                ))}
              </>
            ) : (
              <>
                <Value kind="before" value={change.before} />
                <Value kind="after" value={change.after} />
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ kind, value }: { kind: 'before' | 'after'; value: unknown }) {
  const { a } = useAdminTexts();
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  const Mark = kind === 'before' ? 'del' : 'ins';
  return (
    <Mark className={kind === 'before' ? css.before : css.after}>
      <span className="visually-hidden">{kind === 'before' ? a.before : a.after} </span>
      {text}
    </Mark>
  );
}

export function labelOf(names: Readonly<Record<string, string>>, path: string): string {
  const [first = path, ...rest] = path.split('.');
  const label = names[first] ?? first;
  return rest.length === 0 ? label : `${label} · ${rest.join('.')}`;
}
