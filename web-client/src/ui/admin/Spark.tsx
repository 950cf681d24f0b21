/** A small line of the last minutes. It adds nothing to the figure beside it that has to be heard. */
import { KEPT } from '../../state/admin/samples';
import css from './LivePage.module.css';

const WIDTH = 200;
const HEIGHT = 40;

export function Spark({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const step = WIDTH / (KEPT - 1);
  const first = KEPT - values.length;
  const points = values.map((value, place) => {
    const y = HEIGHT - 2 - (value / most) * (HEIGHT - 6);
    return `${((first + place) * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg className={css.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      <line x1={0} x2={WIDTH} y1={HEIGHT - 1} y2={HEIGHT - 1} />
      {points.length > 1 && <polyline points={points.join(' ')} />}
    </svg>
  );
}
