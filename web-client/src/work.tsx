/** Starts the cleaner's app: a build of its own, which a service worker keeps on the device. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppVersion } from './pwa/registration';
import { thisDevice } from './state/handset';
import { startServices } from './state/services';
import { partsOfPath } from './ui/i18n/catalog';
import { load, preferredLanguage } from './ui/i18n/load';
import { applyTheme, storedTheme } from './ui/theme';
import { WorkApp } from './ui/work/WorkApp';
import './ui/tokens.css';
import './ui/tones.css';
import './ui/base.css';
import './ui/shell.css';

applyTheme(storedTheme());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const version = new AppVersion(navigator.serviceWorker, () => window.location.reload());
if (import.meta.env.PROD) void version.start('/work/sw.js', '/work');
const device = thisDevice();
const services = startServices('cleaner');
// Not awaited at the top: what is loaded here may wait for this module itself.
void load(preferredLanguage(), partsOfPath('/work')).then((said) => {
  createRoot(root).render(
    <StrictMode>
      <WorkApp services={services} said={said} version={version} device={device} />
    </StrictMode>,
  );
});
