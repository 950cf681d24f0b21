/** Grey shapes at the real heights, shown only when waiting takes longer than a blink. */
import { useEffect, useState } from 'react';
import { useTexts } from '../i18n';
import css from './Skeleton.module.css';

const AFTER_MS = 150;

export function Skeleton({
  rows = 3,
  height = 64,
  gap = 8,
}: {
  rows?: number;
  height?: number;
  gap?: number;
}) {
  const { t } = useTexts();
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setVisible(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div style={{ display: 'grid', gap }} aria-busy="true" role="status">
      <span className="visually-hidden">{t.common.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the shapes are all alike
          key={row}
          className={css.shape}
          style={{ height, visibility: visible ? 'visible' : 'hidden' }}
        />
      ))}
    </div>
  );
}
