/** The gallery, for development only: a page of all states, or one of them for a frame. */
import { createRoot } from 'react-dom/client';
import { applyTheme } from '../ui/theme';
import { GalleryPage } from './GalleryPage';
import { applyTextSize, lookOf, sayEverything } from './look';
import { mount } from './mount';
import { entryOf } from './registry';
import '../ui/tokens.css';
import '../ui/tones.css';
import '../ui/base.css';
import '../ui/shell.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const address = window.location.href;
const search = new URLSearchParams(window.location.search);
const look = lookOf(search);
applyTheme(look.theme);
applyTextSize(look.text);
const said = await sayEverything(look.language);
const entry = entryOf(search.get('screen'), search.get('state'));
if (entry === null) {
  createRoot(root).render(<GalleryPage look={look} said={said} />);
} else {
  // A frame has the address of what it shows, and goes back to its own to be loaded anew.
  import.meta.hot?.on('vite:beforeFullReload', () => history.replaceState(null, '', address));
  const { shown } = await mount(entry, said, root);
  // Pictures are taken when this says how it ended.
  await shown.then(
    () => ended('shown'),
    (error: unknown) => {
      ended('failed');
      throw error;
    },
  );
}

function ended(how: 'shown' | 'failed'): void {
  document.documentElement.dataset.gallery = how;
}
