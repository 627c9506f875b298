// The page of an app: light or dark as the system is, shown once its content is there, and notices when the app has met
// an error or has ended. Loaded before Voila's own program, which calls voila_finish.
(() => {
  'use strict';
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const OUTPUT = 'script[type="application/vnd.voila.cell-output+json"]';
  const PATIENCE = 8000;
  const INTERVAL = 3000;

  function theme() {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? 'JupyterLab Dark' : 'JupyterLab Light';
  }

  function notice(text, again) {
    const place = document.getElementById('studio-notice');
    if (!place || place.dataset.last) {
      return;
    }
    place.textContent = text + ' ';
    if (again) {
      place.dataset.last = 'true';
      const link = document.createElement('a');
      link.href = window.location.pathname;
      link.className = 'studio-button';
      link.textContent = 'Open the page again';
      place.append(link);
    }
    place.hidden = false;
  }

  function show() {
    document.getElementById('studio-loading')?.remove();
    document.body.classList.add('studio-ready');
  }

  // Voila has started; its widgets take the places of the outputs one after the other.
  window.cellLoaded = true;
  window.voila_finish = () => {
    const end = Date.now() + PATIENCE;
    const wait = () => {
      if (!document.querySelector(OUTPUT) || Date.now() > end) {
        show();
      } else {
        window.setTimeout(wait, 50);
      }
    };
    wait();
  };
  window.voila_heartbeat = () => {};

  // The page is left: its kernel is not needed any more. A page that a browser keeps for its back button is opened
  // anew when it is shown again.
  let left = false;
  function leave(event) {
    const alive = document.body.dataset.studioAlive;
    if (alive && !left) {
      left = true;
      navigator.sendBeacon(alive);
    }
  }
  window.addEventListener('pagehide', leave);
  window.addEventListener('pageshow', event => {
    if (event.persisted && left) {
      window.location.reload();
    }
  });

  async function ask() {
    const alive = document.body.dataset.studioAlive;
    if (!alive || left) {
      return;
    }
    try {
      const answer = await fetch(alive, { cache: 'no-store' });
      if (answer.status === 404) {
        notice('This page has been closed, because nothing happened on it for a while or its program ended.', true);
        return;
      }
      if (answer.status === 403) {
        notice('The server does not know this browser any more.', true);
        return;
      }
      const said = await answer.json();
      for (const text of said.notices) {
        notice(text, false);
      }
    } catch {
      if (!left) {
        notice('The connection to the server is interrupted; the page goes on by itself when it is back.', false);
        document.getElementById('studio-notice').dataset.lost = 'true';
      }
      window.setTimeout(ask, INTERVAL);
      return;
    }
    const place = document.getElementById('studio-notice');
    if (place.dataset.lost) {
      delete place.dataset.lost;
      place.hidden = true;
    }
    window.setTimeout(ask, INTERVAL);
  }

  document.addEventListener('DOMContentLoaded', () => {
    // The ticket with which this page was fetched is good for one time: a reload asks for a page of its own.
    if (window.location.search.includes('page=')) {
      window.history.replaceState(null, '', window.location.pathname);
    }
    theme();
    dark.addEventListener('change', theme);
    window.setTimeout(ask, INTERVAL);
  });
})();
