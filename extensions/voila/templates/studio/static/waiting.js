// A page that is being prepared: asks how far that is, and goes to the page once it is ready.
(() => {
  'use strict';
  const { studioAsk: address, studioOpen: target } = document.body.dataset;
  const text = document.getElementById('studio-progress-text');
  const bar = document.getElementById('studio-progress');
  const INTERVAL = 250;
  let missed = 0;

  async function ask() {
    try {
      const answer = await fetch(address, { cache: 'no-store' });
      if (answer.status === 404) {
        window.location.reload();
        return;
      }
      const said = await answer.json();
      missed = 0;
      text.textContent = said.text;
      if (said.total) {
        bar.max = said.total;
        bar.value = said.done;
      }
      if (said.ready) {
        window.location.replace(target);
        return;
      }
    } catch {
      missed += 1;
      if (missed > 20) {
        text.textContent = 'The server does not answer. Try again in a moment.';
        bar.hidden = true;
        return;
      }
    }
    window.setTimeout(ask, INTERVAL);
  }
  ask();
})();
