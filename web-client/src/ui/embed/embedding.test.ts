import { describe, expect, it } from 'vitest';
import { readEmbedding } from './embedding';

const at = (pathname: string, search = '') => readEmbedding({ pathname, search });

describe('being embedded', () => {
  it('is told by the address', () => {
    for (const path of ['/', '/bookings', '/embedded']) expect(at(path)).toBeNull();
    expect(at('/embed/bookings/1')).not.toBeNull();
    expect(at('/embed', '?host=https://shop.example&accent=%237a1fa2&lang=ru&theme=dark')).toEqual({
      host: 'https://shop.example',
      accent: '#7a1fa2',
      language: 'ru',
      theme: 'dark',
    });
  });

  it('takes nothing that it does not know', () => {
    const strange = at('/embed', '?host=javascript:alert(1)&lang=xx&theme=blue');
    expect(strange).toEqual({ host: '', accent: null, language: null, theme: null });
    expect(at('/embed', '?host=https://shop.example/some/page')?.host).toBe('https://shop.example');
  });
});
