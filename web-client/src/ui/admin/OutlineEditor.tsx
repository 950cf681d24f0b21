/** A zone's outline, three ways that are one: drawn, as a list of corners, or pasted as GeoJSON. */
import { Plus, Trash2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { areaKm2, type Corner, type Corners, type Edit, edit, readGeoJson } from '../../state/admin/polygon';
import type { Zone } from '../../wire';
import { Button } from '../parts/Button';
import { Text } from './fields';
import { OutlineCanvas } from './OutlineCanvas';
import css from './OutlineEditor.module.css';
import { useAdminTexts } from './texts';

interface EditorProps {
  readonly corners: Corners;
  readonly others: readonly Zone[];
  readonly onChange: (corners: Corners) => void;
  readonly fault: string | null;
}

export function OutlineEditor({ corners, others, onChange, fault }: EditorProps) {
  const { a, format } = useAdminTexts();
  const [shown, setShown] = useState(0);
  const apply = (change: Edit) => onChange(edit(corners, change));
  return (
    <fieldset className={css.editor}>
      <legend>{a.zones.outline}</legend>
      <OutlineCanvas key={shown} corners={corners} others={others} onEdit={apply} />
      <p className={css.hint}>
        {a.zones.corners(corners.length)}
        {corners.length > 2 && ` · ${a.km2(format.decimal(areaKm2(corners)))}`}
      </p>
      {fault !== null && (
        <p className={css.fault} role="alert">
          {fault}
        </p>
      )}
      <CornerList corners={corners} onEdit={apply} />
      <Paste
        onCorners={(pasted) => {
          onChange(pasted);
          setShown((before) => before + 1);
        }}
      />
    </fieldset>
  );
}

interface ListProps {
  readonly corners: Corners;
  readonly onEdit: (edit: Edit) => void;
}

/** Everything that the drawing does, for the keyboard and for exact figures. */
function CornerList({ corners, onEdit }: ListProps) {
  const { a } = useAdminTexts();
  const list = useRef<HTMLOListElement>(null);
  const [focus, setFocus] = useState<number | null>(null);
  useEffect(() => {
    if (focus === null) return;
    list.current?.querySelectorAll<HTMLInputElement>('input[data-first]')[focus]?.focus();
    setFocus(null);
  }, [focus]);
  const add = () => {
    const last: Corner = corners.at(-1) ?? [13.4, 52.5];
    onEdit({ kind: 'add', corner: [last[0] + 0.01, last[1]] });
    setFocus(corners.length);
  };
  return (
    <details className={css.list} open={corners.length > 0 && corners.length <= 12}>
      <summary>{a.zones.cornerList}</summary>
      {corners.length > 0 && (
        <div className={css.heads} aria-hidden>
          <span />
          <span>{a.zones.latitude}</span>
          <span>{a.zones.longitude}</span>
        </div>
      )}
      <ol ref={list}>
        {corners.map((corner, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a corner is its place in the outline
          <li key={at}>
            <span className={css.number}>{at + 1}</span>
            <Degrees
              first
              label={a.zones.lat(at + 1)}
              value={corner[1]}
              most={90}
              onChange={(lat) => onEdit({ kind: 'move', at, corner: [corner[0], lat] })}
            />
            <Degrees
              label={a.zones.lon(at + 1)}
              value={corner[0]}
              most={180}
              onChange={(lon) => onEdit({ kind: 'move', at, corner: [lon, corner[1]] })}
            />
            <button
              type="button"
              className={css.icon}
              aria-label={a.zones.insertAfter(at + 1)}
              title={a.zones.insertAfter(at + 1)}
              disabled={corners.length < 2}
              onClick={() => {
                onEdit({ kind: 'insert', after: at });
                setFocus(at + 1);
              }}
            >
              <Plus size={16} aria-hidden />
            </button>
            <button
              type="button"
              className={css.icon}
              aria-label={a.zones.removeCorner(at + 1)}
              title={a.zones.removeCorner(at + 1)}
              onClick={() => {
                onEdit({ kind: 'remove', at });
                if (corners.length > 1) setFocus(Math.max(0, at - 1));
              }}
            >
              <Trash2 size={16} aria-hidden />
            </button>
          </li>
        ))}
      </ol>
      <Button size="small" icon={<Plus size={16} aria-hidden />} onClick={add}>
        {a.zones.addCorner}
      </Button>
    </details>
  );
}

interface DegreesProps {
  readonly label: string;
  readonly value: number;
  readonly most: number;
  readonly first?: boolean;
  readonly onChange: (value: number) => void;
}

/** Keeps what is typed while it is no number yet. */
function Degrees({ label, value, most, first, onChange }: DegreesProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const read = (text: string) => {
    const number = Number(text.trim().replace(',', '.'));
    return text.trim() !== '' && Number.isFinite(number) && Math.abs(number) <= most ? number : null;
  };
  return (
    <input
      aria-label={label}
      aria-invalid={(typed !== null && read(typed) === null) || undefined}
      inputMode="decimal"
      data-first={first}
      value={typed ?? value}
      onChange={(event) => {
        setTyped(event.target.value);
        const number = read(event.target.value);
        if (number !== null) onChange(number);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}

function Paste({ onCorners }: { onCorners: (corners: Corners) => void }) {
  const { a } = useAdminTexts();
  const [text, setText] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  const take = () => {
    const read = readGeoJson(text);
    if ('fault' in read) {
      setFault(a.zones.geoJsonFaults[read.fault]);
      return;
    }
    setFault(null);
    setText('');
    onCorners(read.corners);
  };
  return (
    <details className={css.list}>
      <summary>{a.zones.geoJson}</summary>
      <Text
        label={a.zones.geoJson}
        hint={a.zones.geoJsonHint}
        fault={fault}
        value={text}
        spellCheck={false}
        onChange={setText}
      />
      <Button size="small" onClick={take} disabled={text.trim() === ''}>
        {a.zones.takeGeoJson}
      </Button>
    </details>
  );
}
