import { Widget } from '@lumino/widgets';
import { act, render } from '@testing-library/react';
import * as React from 'react';

import { Hosted } from './hosted';

type Tell = (entries: { isIntersecting: boolean }[]) => void;
let watchers: { margin: string; tell: Tell; ended: boolean }[] = [];

class Watcher {
  private readonly _mine: (typeof watchers)[number];
  constructor(tell: Tell, options: { rootMargin: string }) {
    this._mine = { margin: options.rootMargin, tell, ended: false };
    watchers.push(this._mine);
  }
  observe(): void {
    return undefined;
  }
  disconnect(): void {
    this._mine.ended = true;
  }
}

function move(margin: string, inside: boolean): void {
  act(() => watchers.find(one => one.margin === margin)!.tell([{ isIntersecting: inside }]));
}

const [near, far] = ['800px 0px', '2500px 0px'];

describe('a widget in a place', () => {
  let made: Widget[];
  const make = (): Widget => {
    made.push(new Widget());
    return made[made.length - 1];
  };

  beforeEach(() => {
    made = [];
    watchers = [];
    window.IntersectionObserver = Watcher as unknown as typeof IntersectionObserver;
    // jsdom lays nothing out.
    Object.defineProperty(HTMLElement.prototype, 'offsetParent', {
      configurable: true,
      get: () => document.body
    });
  });

  it('is made when it comes near, and ends when it is far, where its place stays', () => {
    const { container, unmount } = render(<Hosted make={make} lines={3} />);
    const place = container.firstElementChild as HTMLElement;
    expect([made.length, place.style.minHeight]).toEqual([0, '51px']);
    move(near, true);
    expect(made[0].isAttached).toBe(true);
    expect(place.style.minHeight).toBe('');
    move(near, false);
    expect(made[0].isDisposed).toBe(false);
    move(far, false);
    expect(made[0].isDisposed).toBe(true);
    expect(place.style.minHeight).toBe('600px');
    move(near, true);
    expect(made[1].isAttached).toBe(true);
    unmount();
    expect(made[1].isDisposed).toBe(true);
    expect(watchers.every(one => one.ended)).toBe(true);
  });

  it('stays while the keyboard is in it', () => {
    render(<Hosted make={make} lines={3} />);
    move(near, true);
    made[0].node.tabIndex = 0;
    made[0].node.focus();
    move(far, false);
    expect(made[0].isDisposed).toBe(false);
  });

  it('fails alone', () => {
    const spy = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (): Widget => {
      throw new Error('no such cell');
    };
    render(<Hosted make={broken} lines={1} />);
    expect(() => move(near, true)).toThrow('no such cell');
    spy.mockRestore();
  });
});
