/** What was measured against what is wanted, and the table that tells it. */
export interface Figure {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
  /** At most or at least this much; absent: only told. */
  readonly wanted?: { readonly is: 'at most' | 'at least'; readonly value: number };
}

export function isMissed({ measured, wanted }: Figure): boolean {
  if (wanted === undefined) return false;
  if (Number.isNaN(measured)) return true;
  return wanted.is === 'at most' ? measured > wanted.value : measured < wanted.value;
}

export function table(figures: readonly Figure[]): string {
  const number = (value: number) =>
    Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toFixed(2)));
  const lines = figures.map((figure) => {
    const { what, measured, unit, wanted } = figure;
    const limit =
      wanted === undefined ? '' : `${wanted.is === 'at most' ? '≤' : '≥'} ${number(wanted.value)} ${unit}`;
    const verdict = wanted === undefined ? '' : isMissed(figure) ? '**missed**' : 'kept';
    return `| ${what} | ${number(measured)} ${unit} | ${limit} | ${verdict} |`;
  });
  return ['| what | measured | wanted | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
