/** Starts the part of the product that the path names. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startServices } from './state/services';
import { App, areaOfPath } from './ui/App';
import { beEmbedded, embedding } from './ui/embed/embedding';
import { partsOfPath } from './ui/i18n/catalog';
import { load, preferredLanguage } from './ui/i18n/load';
import { applyTheme, storedTheme } from './ui/theme';
import './ui/tokens.css';
import './ui/tones.css';
import './ui/base.css';
import './ui/shell.css';

applyTheme(embedding?.theme ?? storedTheme());
if (embedding !== null) beEmbedded(embedding);
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const { pathname } = window.location;
const services = startServices(areaOfPath(pathname));
// Not awaited at the top: what is loaded here may wait for this module itself.
void load(preferredLanguage(), partsOfPath(pathname)).then((said) => {
  createRoot(root).render(
    <StrictMode>
      <App services={services} said={said} />
    </StrictMode>,
  );
});
