/** What every test file starts with: matchers for the page, and what jsdom lacks. */
import '@testing-library/jest-dom';

class NoResizes {
  observe(): void {
    return undefined;
  }
  unobserve(): void {
    return undefined;
  }
  disconnect(): void {
    return undefined;
  }
}

globalThis.ResizeObserver ??= NoResizes as unknown as typeof ResizeObserver;

// jsdom lays nothing out: lists that draw what is in sight would draw nothing.
Object.defineProperties(HTMLElement.prototype, {
  offsetHeight: { configurable: true, get: () => 600 },
  offsetWidth: { configurable: true, get: () => 800 }
});

// JupyterLab's own replacement cannot be selected with; the real one lacks only what is drawn.
delete (document as { createRange?: unknown }).createRange;
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect ??= () => new DOMRect();

// axe-core asks for it to recognise icons made of letters, and manages without.
HTMLCanvasElement.prototype.getContext = () => null;

// Without it JupyterLab warns in every test that loads it.
Object.defineProperty(navigator, 'clipboard', { configurable: true, value: {} });
