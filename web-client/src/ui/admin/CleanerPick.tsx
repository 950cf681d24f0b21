/** One cleaner of all: found by a part of the name, because there may be thousands. */
import { useEffect, useState } from 'react';
import { queryPath, readAs } from '../../state/admin/reading';
import { useServices } from '../../state/services';
import type { CleanerEntry, CleanerPage } from '../../wire';
import { Field } from '../parts/Field';
import css from './CleanerPick.module.css';
import { useAdminTexts } from './texts';

interface PickProps {
  readonly chosen: { readonly id: string; readonly name: string } | null;
  readonly zone?: string;
  readonly onChoose: (cleaner: CleanerEntry) => void;
  readonly fault: string | null;
}

const SHOWN = 8;
const PAUSE_MS = 150;

export function CleanerPick({ chosen, zone, onChoose, fault }: PickProps) {
  const { a } = useAdminTexts();
  const { rest, session } = useServices();
  const [text, setText] = useState('');
  const [found, setFound] = useState<readonly CleanerEntry[]>([]);
  const [searching, setSearching] = useState(chosen === null);
  useEffect(() => {
    if (!searching) return;
    let over = false;
    const timer = setTimeout(async () => {
      const place = zone === undefined ? {} : { zone };
      const path = queryPath('cleaners.list', { text, active: true, limit: SHOWN, ...place });
      const page = await readAs<CleanerPage>(rest, session, path).catch(() => null);
      if (!over && page !== null) setFound(page.cleaners);
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [text, zone, searching, rest, session]);
  if (!searching && chosen !== null) {
    return (
      <div className={css.chosen}>
        <span className={css.label}>{a.cleaner}</span>
        <strong>{chosen.name}</strong>
        <button type="button" onClick={() => setSearching(true)}>
          {a.chooseOther}
        </button>
      </div>
    );
  }
  return (
    <div className={css.pick}>
      <Field
        label={a.cleaner}
        value={text}
        autoComplete="off"
        hint={a.pickHint}
        fault={fault}
        onChange={setText}
      />
      <ul aria-label={a.nav.cleaners}>
        {found.map((cleaner) => (
          <li key={cleaner.id}>
            <button
              type="button"
              onClick={() => {
                onChoose(cleaner);
                setSearching(false);
              }}
            >
              {cleaner.name}
            </button>
          </li>
        ))}
        {found.length === 0 && <li className={css.none}>{a.nobody}</li>}
      </ul>
    </div>
  );
}
