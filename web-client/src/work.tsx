/** Starts the cleaner's app: a build of its own, which a service worker keeps on the device. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppVersion } from './pwa/registration';
import { startServices } from './state/services';
import { applyTheme, storedTheme } from './ui/theme';
import { WorkApp } from './ui/work/WorkApp';
import './ui/tokens.css';
import './ui/tones.css';
import './ui/base.css';

applyTheme(storedTheme());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const version = new AppVersion(navigator.serviceWorker, () => window.location.reload());
if (import.meta.env.PROD) void version.start('/work/sw.js', '/work');
createRoot(root).render(
  <StrictMode>
    <WorkApp services={startServices('cleaner')} version={version} />
  </StrictMode>,
);
