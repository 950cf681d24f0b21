/** A company from files: tried first, with every fault in its line; then all of it, or nothing. */
import { FileUp } from 'lucide-react';
import { useId, useState } from 'react';
import { RestError } from '../../hub/rest';
import { uuid7 } from '../../hub/uuid7';
import { useServices } from '../../state/services';
import type { ImportCounts, Imported, ImportFault, ImportFile } from '../../wire';
import { Button } from '../parts/Button';
import { Failure } from '../parts/Notice';
import css from './ImportPage.module.css';
import { Page } from './ListPage';
import { useAdminTexts } from './texts';

const FILES: readonly { readonly file: ImportFile; readonly accept: string }[] = [
  { file: 'zones', accept: '.geojson,.json' },
  { file: 'cleaners', accept: '.csv' },
  { file: 'shifts', accept: '.csv' },
];

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly dry: boolean }
  | { readonly kind: 'done'; readonly result: Imported }
  | { readonly kind: 'faults'; readonly faults: readonly ImportFault[]; readonly count: number }
  | { readonly kind: 'failed'; readonly code: string };

/** Listed at once; a file with more faults than this is wrong as a whole. */
const SHOWN = 200;

export function ImportPage() {
  const { a } = useAdminTexts();
  const { rest, session, clock, catalogs } = useServices();
  const [files, setFiles] = useState<Partial<Record<ImportFile, File>>>({});
  const [state, setState] = useState<State>({ kind: 'idle' });
  const none = Object.keys(files).length === 0;
  const run = async (dry: boolean) => {
    setState({ kind: 'sending', dry });
    const texts = await Promise.all(
      Object.entries(files).map(async ([name, file]) => [name, await file.text()] as const),
    );
    try {
      const { result } = await rest.upload<{ result: Imported }>(
        await session.accessToken(),
        '/api/v1/commands/admin.import',
        { ...Object.fromEntries(texts), dry_run: dry },
        uuid7(clock.now()),
      );
      const faulty = result.fault_count > 0;
      setState(
        faulty
          ? { kind: 'faults', faults: result.faults, count: result.fault_count }
          : { kind: 'done', result },
      );
      if (!dry) catalogs.again();
    } catch (error) {
      setState(after(error));
    }
  };
  return (
    <Page title={a.nav.import} lead={a.imports.lead}>
      <div className={css.files}>
        {FILES.map(({ file, accept }) => (
          <FileField
            key={file}
            file={file}
            accept={accept}
            chosen={files[file] ?? null}
            onChoose={(chosen) => {
              setState({ kind: 'idle' });
              setFiles(({ [file]: _, ...others }) =>
                chosen === null ? others : { ...others, [file]: chosen },
              );
            }}
          />
        ))}
      </div>
      <div className={css.buttons}>
        <Button
          weight="primary"
          disabled={none}
          busy={state.kind === 'sending' && state.dry}
          onClick={() => void run(true)}
        >
          {a.imports.tryIt}
        </Button>
        <Button
          disabled={none || state.kind === 'faults'}
          busy={state.kind === 'sending' && !state.dry}
          onClick={() => void run(false)}
        >
          {a.imports.run}
        </Button>
      </div>
      <div aria-live="polite">
        <Result state={state} />
      </div>
    </Page>
  );
}

function after(error: unknown): State {
  if (!(error instanceof RestError)) return { kind: 'failed', code: 'unreachable' };
  if (error.code !== 'import_faults') return { kind: 'failed', code: error.code };
  const { faults, fault_count } = error.details;
  return {
    kind: 'faults',
    faults: Array.isArray(faults) ? (faults as ImportFault[]) : [],
    count: Number(fault_count),
  };
}

function Result({ state }: { state: State }) {
  const { a, t } = useAdminTexts();
  switch (state.kind) {
    case 'idle':
    case 'sending':
      return null;
    case 'failed': {
      const refusals = t.refusal as Readonly<Record<string, string | undefined>>;
      return <Failure title={refusals[state.code] ?? t.common.unreachable} code={state.code} />;
    }
    case 'done':
      return (
        <section className={css.done}>
          <h2>{state.result.dry_run ? a.imports.wouldDo : a.imports.done}</h2>
          <ul>
            {FILES.map(({ file }) => (
              <li key={file}>
                {a.nav[file]}: {counts(a.imports, state.result[file])}
              </li>
            ))}
          </ul>
        </section>
      );
    case 'faults':
      return (
        <section>
          <h2 className={css.faultTitle}>{a.imports.faults(state.count)}</h2>
          <table className={css.faults} aria-label={a.imports.faults(state.count)}>
            <thead>
              <tr>
                <th scope="col">{a.imports.file}</th>
                <th scope="col">{a.imports.line}</th>
                <th scope="col">{a.imports.column}</th>
                <th scope="col">{a.imports.fault}</th>
              </tr>
            </thead>
            <tbody>
              {state.faults.slice(0, SHOWN).map((fault) => (
                <tr key={`${fault.file} ${fault.line} ${fault.field ?? ''} ${fault.code} ${fault.message}`}>
                  <td>{a.nav[fault.file]}</td>
                  <td>{fault.line === 0 ? '' : fault.line}</td>
                  <td>{fault.field === undefined ? '' : <code>{fault.field}</code>}</td>
                  <td>
                    {a.imports.codes[fault.code]} <span className={css.said}>{fault.message}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {state.count > SHOWN && <p>{a.andMore(state.count - SHOWN)}</p>}
        </section>
      );
    default:
      return state satisfies never;
  }
}

type Words = ReturnType<typeof useAdminTexts>['a']['imports'];

function counts(words: Words, of: ImportCounts): string {
  return [words.fresh(of.new), words.changed(of.changed), words.unchanged(of.unchanged)].join(', ');
}

interface FileProps {
  readonly file: ImportFile;
  readonly accept: string;
  readonly chosen: File | null;
  readonly onChoose: (file: File | null) => void;
}

function FileField({ file, accept, chosen, onChoose }: FileProps) {
  const { a } = useAdminTexts();
  const id = useId();
  return (
    <div className={css.file}>
      <label htmlFor={id}>
        <FileUp size={20} aria-hidden />
        <span>
          <strong>{a.nav[file]}</strong>
          <span className={css.hint}>{chosen === null ? a.imports.hints[file] : chosen.name}</span>
        </span>
      </label>
      <input
        id={id}
        type="file"
        accept={accept}
        onChange={(event) => onChoose(event.target.files?.[0] ?? null)}
      />
    </div>
  );
}
