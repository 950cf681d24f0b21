/** What the day is narrowed to, one row below the bar: each wish a choice of its own, kept in the address;
 * and views kept by name. Opened by F, and there as long as something is left out. */
import { Bookmark, ChevronDown, Trash2, TriangleAlert, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { ALL_STATUSES, NO_FILTER, wishes } from '../../state/filter';
import { LONGEST_NAME, savedViews } from '../../state/savedViews';
import { useObservable } from '../../state/services';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { cx } from '../parts/cx';
import css from './FilterBar.module.css';
import type { ControlRoom } from './useControlRoom';
import { useFilter } from './useFilter';
import { useSurround } from './useSurround';

export function FilterBar({ room }: { room: ControlRoom }) {
  const { t } = useTexts();
  const { overlay, open } = useSurround();
  const { filter, set } = useFilter();
  const words = t.room.filter;
  const text = useRef<HTMLInputElement>(null);
  const asked = overlay === 'filter';
  useEffect(() => {
    if (asked) text.current?.focus();
  }, [asked]);
  const held = wishes(filter);
  if (!asked && held === 0) return null;
  const close = () => {
    set(NO_FILTER);
    open(null);
  };
  const skills = [...new Set(room.board.days.flatMap(({ cleaner }) => cleaner.skills))].sort();
  return (
    // biome-ignore lint/a11y/useSemanticElements: `search` is not known to every reader yet
    <div
      role="search"
      className={css.filter}
      aria-label={words.title}
      onKeyDown={(event) => {
        if (event.key === 'Escape') open(null);
      }}
    >
      <input
        ref={text}
        className={css.text}
        type="search"
        aria-label={words.text}
        placeholder={words.textHint}
        value={filter.text}
        maxLength={100}
        onChange={(event) => set({ text: event.target.value })}
      />
      <Choice
        label={words.status}
        chosen={filter.statuses}
        options={ALL_STATUSES.map((status) => [status, t.jobStatus[status]] as const)}
        onChoose={(statuses) => set({ statuses })}
      />
      <Choice
        label={words.service}
        chosen={filter.services}
        options={room.services.map(({ slug, name }) => [slug, name] as const)}
        onChoose={(services) => set({ services })}
      />
      <Choice
        label={words.cleaner}
        chosen={filter.cleaners}
        options={room.board.days.map(({ cleaner }) => [cleaner.id, cleaner.name] as const)}
        onChoose={(cleaners) => set({ cleaners })}
      />
      {skills.length > 0 && (
        <Choice
          label={words.skill}
          chosen={filter.skills}
          options={skills.map((skill) => [skill, skill] as const)}
          onChoose={(chosen) => set({ skills: chosen })}
        />
      )}
      <button
        type="button"
        className={cx(css.choice, filter.atRisk && css.on)}
        aria-pressed={filter.atRisk}
        onClick={() => set({ atRisk: !filter.atRisk })}
      >
        <TriangleAlert size={14} aria-hidden /> {words.atRisk}
      </button>
      <Views />
      <button type="button" className={css.clear} onClick={close}>
        <X size={14} aria-hidden /> {held === 0 ? t.common.close : words.clear}
      </button>
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly chosen: readonly T[];
  readonly options: readonly (readonly [T, string])[];
  readonly onChoose: (chosen: readonly T[]) => void;
}

function Choice<T extends string>({ label, chosen, options, onChoose }: ChoiceProps<T>) {
  const names = options.filter(([value]) => chosen.includes(value)).map(([, name]) => name);
  const [first] = names;
  const summary =
    first === undefined ? label : `${label}: ${first}${names.length > 1 ? ` +${names.length - 1}` : ''}`;
  const turn = (value: T) =>
    onChoose(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  return (
    <Drop summary={summary} on={chosen.length > 0}>
      <fieldset className={css.options} aria-label={label}>
        {options.map(([value, name]) => (
          <label key={value} className={css.option}>
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => turn(value)} />
            {name}
          </label>
        ))}
      </fieldset>
    </Drop>
  );
}

interface DropProps {
  readonly summary: ReactNode;
  readonly on: boolean;
  readonly children: ReactNode;
}

/** Opens below itself; closes by Escape and by a click elsewhere. */
function Drop({ summary, on, children }: DropProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const elsewhere = (event: PointerEvent) => {
      const element = details.current;
      if (element?.open === true && !element.contains(event.target as Node)) element.open = false;
    };
    window.addEventListener('pointerdown', elsewhere);
    return () => window.removeEventListener('pointerdown', elsewhere);
  }, []);
  return (
    <details
      ref={details}
      className={css.drop}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || details.current?.open !== true) return;
        event.stopPropagation();
        details.current.open = false;
        details.current.querySelector('summary')?.focus();
      }}
    >
      <summary className={cx(css.choice, on && css.on)}>
        {summary}
        <ChevronDown size={14} aria-hidden />
      </summary>
      <div className={css.below}>{children}</div>
    </details>
  );
}

/** Filters kept by name on this device. */
function Views() {
  const { t } = useTexts();
  const { filter, set } = useFilter();
  const views = useObservable(savedViews.list);
  const [name, setName] = useState('');
  const words = t.room.filter;
  return (
    <Drop
      on={false}
      summary={
        <>
          <Bookmark size={14} aria-hidden /> {words.views}
        </>
      }
    >
      <ul className={css.options}>
        {views.length === 0 && <li className={css.none}>{words.noViews}</li>}
        {views.map((view) => (
          <li key={view.name} className={css.view}>
            <button type="button" className={css.show} onClick={() => set(view.filter)}>
              {view.name}
            </button>
            <button
              type="button"
              className={css.remove}
              aria-label={words.remove(view.name)}
              onClick={() => savedViews.remove(view.name)}
            >
              <Trash2 size={14} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
      {wishes(filter) > 0 && (
        <form
          className={css.save}
          onSubmit={(event) => {
            event.preventDefault();
            savedViews.save(name, filter);
            setName('');
          }}
        >
          <input
            aria-label={words.viewName}
            placeholder={words.viewName}
            value={name}
            maxLength={LONGEST_NAME}
            onChange={(event) => setName(event.target.value)}
          />
          <Button type="submit" size="small" disabled={name.trim() === ''}>
            {words.save}
          </Button>
        </form>
      )}
    </Drop>
  );
}
