import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { faultsOf } from '../testing/accessible';
import { VirtualList } from './virtual';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('a long list', () => {
  it('draws what is in sight, and no more', () => {
    render(
      <VirtualList
        label="Runs"
        items={numbers(10000)}
        rowHeight={30}
        render={one => <button>run {one}</button>}
      />
    );
    const rows = screen.getAllByRole('listitem');
    expect(rows.length).toBeGreaterThanOrEqual(20);
    expect(rows.length).toBeLessThan(60);
    expect(rows[0]).toHaveAttribute('aria-setsize', '10000');
    expect(rows[0]).toHaveTextContent('run 0');
  });

  it('asks for more once, when the end comes near', () => {
    const load = jest.fn();
    const list = (count: number, more: boolean): JSX.Element => (
      <VirtualList
        label="Runs"
        items={numbers(count)}
        rowHeight={30}
        more={more}
        loadMore={load}
        render={one => <p>{one}</p>}
      />
    );
    const { rerender } = render(list(25, true));
    rerender(list(25, true));
    expect(load).toHaveBeenCalledTimes(1);
    rerender(list(30, true));
    expect(load).toHaveBeenCalledTimes(2);
    rerender(list(500, true));
    rerender(list(500, false));
    expect(load).toHaveBeenCalledTimes(2);
  });

  it('is walked with the arrow keys', async () => {
    render(
      <VirtualList
        label="Runs"
        items={numbers(100)}
        rowHeight={30}
        render={one => <button>run {one}</button>}
      />
    );
    const first = screen.getByText('run 0');
    first.focus();
    fireEvent.keyDown(first, { key: 'ArrowDown' });
    await waitFor(() => expect(screen.getByText('run 1')).toHaveFocus());
    fireEvent.keyDown(screen.getByText('run 1'), { key: 'Home' });
    await waitFor(() => expect(first).toHaveFocus());
  });

  it('can be used by everybody', async () => {
    const { container } = render(
      <VirtualList
        label="Runs"
        items={numbers(40)}
        rowHeight={30}
        more
        render={one => <button>run {one}</button>}
      />
    );
    expect(await faultsOf(container)).toEqual([]);
  });
});
