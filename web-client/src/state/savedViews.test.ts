import { beforeEach, describe, expect, it } from 'vitest';
import { NO_FILTER } from './filter';
import { SavedViews } from './savedViews';

beforeEach(() => localStorage.clear());

describe('saved views', () => {
  const late = { ...NO_FILTER, atRisk: true };
  const deep = { ...NO_FILTER, services: ['deep'], text: 'mitte' };

  it('are there again on this device', () => {
    const views = new SavedViews(localStorage);
    views.save(' Late ones ', late);
    views.save('Deep', deep);
    expect(new SavedViews(localStorage).list.value).toEqual([
      { name: 'Late ones', filter: late },
      { name: 'Deep', filter: deep },
    ]);
  });

  it('are replaced under their name, and go', () => {
    const views = new SavedViews(localStorage);
    views.save('Mine', late);
    views.save('Mine', deep);
    views.save('  ', late);
    expect(views.list.value).toEqual([{ name: 'Mine', filter: deep }]);
    views.remove('Mine');
    expect(new SavedViews(localStorage).list.value).toEqual([]);
  });

  it.each(['{', '{}', '[1, {"name": 2}]'])('are none where %s is kept', (kept) => {
    localStorage.setItem('dispatch-hub.views', kept);
    expect(new SavedViews(localStorage).list.value).toEqual([]);
  });
});
