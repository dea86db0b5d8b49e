// Before the first paint: the colours and the language that the reader chose, else those of the system. The texts of that
// language begin to load at once, and for conversations what shows their answers.
(function () {
  var root = document.documentElement;
  var languages = ['en', 'zh'];

  function stored(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      // Storage is blocked: the system decides.
      return null;
    }
  }

  // The build names files in the head.
  function preload(name) {
    var file = document.querySelector('meta[name="' + name + '"]');
    if (!file) return;
    var link = document.createElement('link');
    link.rel = 'modulepreload';
    link.href = file.content;
    document.head.append(link);
  }

  var scheme = stored('mantine-color-scheme-value');
  var isDark = scheme === 'dark' || (scheme !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', isDark ? 'dark' : 'light');

  var wanted = [stored('conch-language')].concat(window.navigator.languages).map(function (tag) {
    return String(tag).split('-')[0];
  });
  var language = wanted.find(function (name) {
    return languages.includes(name);
  });
  root.lang = language === 'zh' ? 'zh-Hans' : 'en';

  preload('texts-' + (language || 'en'));
  if (/^\/(chat|shared)\/./.test(window.location.pathname)) preload('markdown');
})();
