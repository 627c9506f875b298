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
