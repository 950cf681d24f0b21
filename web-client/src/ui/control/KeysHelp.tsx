/** All keys of the control room. */
import { useTexts } from '../i18n';
import { Sheet } from '../parts/Sheet';
import css from './KeysHelp.module.css';
import { useSurround } from './useSurround';

export function KeysHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTexts();
  const { keysOn, setKeysOn } = useSurround();
  const keys: readonly (readonly [readonly string[], string])[] = [
    [['J', 'K'], t.control.keys.queue],
    [['A'], t.control.keys.assign],
    [['↑', '↓'], t.control.keys.rows],
    [['Enter'], t.control.keys.accept],
    [['Esc'], t.control.keys.cancel],
    [['M'], t.timeline.keys.move],
    [['U'], t.control.keys.unassign],
    [['V'], t.timeline.keys.select],
    [['Ctrl/⌘ Z'], t.timeline.keys.undo],
    [['N'], t.control.keys.now],
    [['T'], t.timeline.keys.today],
    [['[', ']'], t.control.keys.day],
    [['+', '−'], t.timeline.keys.zoom],
    [['←', '↑', '→', '↓'], t.timeline.keys.grid],
    [['Ctrl/⌘ K'], t.room.palette.open],
    [['F'], t.room.commands.filter],
    [['X'], t.room.commands.acknowledge],
    [['1'], t.room.commands.layout[1]],
    [['2'], t.room.commands.layout[2]],
    [['3'], t.room.commands.layout[3]],
    [['?'], t.control.keys.help],
  ];
  return (
    <Sheet title={t.control.help} onClose={onClose}>
      <label className={css.turn}>
        <input type="checkbox" checked={keysOn} onChange={(event) => setKeysOn(event.target.checked)} />
        {t.room.singleKeys}
      </label>
      <dl className={css.keys}>
        {keys.map(([names, meaning]) => (
          <div key={meaning} className={css.line}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
