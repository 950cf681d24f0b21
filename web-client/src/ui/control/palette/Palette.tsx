/** The command palette: one field that goes anywhere. A combobox whose list is told as it changes; the
 * arrows move, Enter goes, Escape closes, and on a customer Enter goes on to their bookings. */
import { Search } from 'lucide-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { dayNames } from '../../../state/palette';
import { useSearchHits } from '../../../state/useSearchHits';
import type { Zone } from '../../../wire';
import { useTexts } from '../../i18n';
import { cx } from '../../parts/cx';
import type { ControlRoom } from '../useControlRoom';
import { type Group, type Item, itemsFor, type PaletteCommand, type Scope } from './items';
import css from './Palette.module.css';

interface PaletteProps {
  readonly room: ControlRoom;
  readonly zones: readonly Zone[];
  readonly today: string;
  readonly commands: readonly PaletteCommand[];
  readonly goTo: (date: string) => void;
  readonly onClose: () => void;
}

export function Palette({ room, zones, today, commands, goTo, onClose }: PaletteProps) {
  const texts = useTexts();
  const { t, language } = texts;
  const words = t.room.palette;
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [scope, setScope] = useState<Scope | null>(null);
  const [at, setAt] = useState(0);
  const found = useSearchHits(scope?.id ?? text, scope === null ? null : ['booking']);
  const names = useMemo(
    () =>
      dayNames(language, {
        today: t.common.today,
        tomorrow: t.common.tomorrow,
        yesterday: t.room.palette.yesterday,
      }),
    [language, t],
  );
  const items = itemsFor(text, scope, found.hits, { texts, room, zones, today, names, commands, goTo });
  const current = Math.min(at, items.length - 1);
  useEffect(() => {
    const element = dialog.current;
    if (element !== null && !element.open) element.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    dialog.current?.querySelector(`[aria-selected=true]`)?.scrollIntoView({ block: 'nearest' });
  });
  const go = (item: Item | undefined) => {
    if (item === undefined) return;
    if (item.scope !== undefined) {
      setScope(item.scope);
      setText('');
      setAt(0);
      return;
    }
    onClose();
    item.run();
  };
  const key = (event: KeyboardEvent) => {
    const last = items.length - 1;
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt(current >= last ? 0 : current + 1),
      ArrowUp: () => setAt(current <= 0 ? last : current - 1),
      PageDown: () => setAt(Math.min(current + 8, last)),
      PageUp: () => setAt(Math.max(current - 8, 0)),
      Enter: () => go(items[current]),
    };
    if (event.key === 'Backspace' && text === '' && scope !== null) {
      setScope(null);
      return;
    }
    const move = moves[event.key];
    if (move === undefined || event.nativeEvent.isComposing) return;
    event.preventDefault();
    move();
  };
  const told = found.searching
    ? words.searching
    : found.failed
      ? words.unreachable
      : words.count(items.length);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own
    <dialog
      ref={dialog}
      className={css.palette}
      aria-label={words.title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={css.field}>
        <Search size={18} aria-hidden />
        {scope !== null && (
          <button type="button" className={css.scope} onClick={() => setScope(null)}>
            {scope.name} <span aria-hidden>✕</span>
          </button>
        )}
        <input
          autoFocus
          role="combobox"
          aria-expanded={items.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={items.length === 0 ? undefined : `${id}-${current}`}
          aria-autocomplete="list"
          aria-label={words.title}
          placeholder={scope === null ? words.hint : ''}
          autoComplete="off"
          spellCheck={false}
          maxLength={100}
          value={text}
          readOnly={scope !== null}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={key}
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label={words.title} className={css.list}>
        {grouped(items).map(([group, members]) => (
          // biome-ignore lint/a11y/useSemanticElements: a listbox groups its options so
          <div key={group} role="group" aria-labelledby={`${id}-${group}`}>
            <span id={`${id}-${group}`} className={css.group}>
              {scope === null ? words.groups[group] : words.bookingsOf(scope.name)}
            </span>
            {members.map(({ item, index }) => (
              <Option
                key={item.id}
                id={`${id}-${index}`}
                item={item}
                selected={index === current}
                onPoint={() => setAt(index)}
                onGo={() => go(item)}
              />
            ))}
          </div>
        ))}
      </div>
      {items.length === 0 && <p className={css.none}>{found.searching ? words.searching : words.nothing}</p>}
      <p className={css.foot} role="status">
        {told}
      </p>
    </dialog>
  );
}

/** Groups in the order in which they begin, with each item's place in the whole. */
function grouped(items: readonly Item[]): readonly (readonly [Group, { item: Item; index: number }[]])[] {
  const groups = new Map<Group, { item: Item; index: number }[]>();
  items.forEach((item, index) => {
    const known = groups.get(item.group);
    if (known === undefined) groups.set(item.group, [{ item, index }]);
    else known.push({ item, index });
  });
  return [...groups];
}

interface OptionProps {
  readonly id: string;
  readonly item: Item;
  readonly selected: boolean;
  readonly onPoint: () => void;
  readonly onGo: () => void;
}

function Option({ id, item, selected, onPoint, onGo }: OptionProps) {
  const Icon = item.icon;
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, as a combobox does
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the field's
    <div
      id={id}
      role="option"
      aria-selected={selected}
      className={cx(css.option, selected && css.selected)}
      onPointerMove={selected ? undefined : onPoint}
      onClick={onGo}
    >
      <Icon size={16} aria-hidden />
      <span className={css.title}>{item.title}</span>
      {item.note !== undefined && <span className={css.note}>{item.note}</span>}
      {item.keys !== undefined && <kbd className={css.keys}>{item.keys}</kbd>}
    </div>
  );
}
