// Runs before anything is drawn: the reader's theme and language, and the files of this page, all asked for
// at once instead of one after the other. FILES is put in by the build: ./firstLoad.ts.
((FILES) => {
  const root = document.documentElement;
  const kept = (key) => {
    try {
      return localStorage.getItem(`dispatch-hub.${key}`);
    } catch {
      return null;
    }
  };
  const theme = kept('theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  // Another site's page may say in which language its frame is to be.
  const said = new URLSearchParams(location.search).get('lang');
  const chosen = location.pathname === '/embed' && said ? said : kept('language');
  const own = navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en';
  const language = chosen === 'en' || chosen === 'ru' ? chosen : own;
  root.lang = language;

  const below = (base) => location.pathname === base || location.pathname.startsWith(`${base}/`);
  const page = FILES.pages.find(([base]) => below(base)) ?? FILES.pages.at(-1);
  root.dataset.page = page[0];
  const attributes = {
    js: { rel: 'modulepreload' },
    css: { rel: 'preload', as: 'style' },
    woff2: { rel: 'preload', as: 'font', type: 'font/woff2' },
  };
  for (const file of new Set([...page[1], ...FILES.languages[language], ...page[2][language]])) {
    const link = Object.assign(document.createElement('link'), attributes[file.split('.').at(-1)]);
    // As the files are asked for later: asked for in another way, they would come twice.
    link.crossOrigin = '';
    link.href = FILES.base + file;
    document.head.append(link);
  }
})(FILES);
