/** Starts the part of the product that the path names. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startServices } from './state/services';
import { App, areaOfPath } from './ui/App';
import { applyTheme, storedTheme } from './ui/theme';
import './ui/tokens.css';
import './ui/tones.css';
import './ui/base.css';

applyTheme(storedTheme());
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');
const services = startServices(areaOfPath(window.location.pathname));
createRoot(root).render(
  <StrictMode>
    <App services={services} />
  </StrictMode>,
);
