import { nullTranslator } from '@jupyterlab/translation';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { FakeStudio } from '../testing/fake';
import {
  ago,
  Busy,
  Empty,
  ErrorBoundary,
  Fault,
  lasting,
  StatusBadge,
  toneOf,
  useAsking,
  useDoing
} from '.';

const trans = nullTranslator.load('');

describe('a boundary', () => {
  let broken = true;
  const Part = (): JSX.Element => {
    if (broken) {
      throw new StudioFault(500, { message: 'The graph has a loop.', next: 'take one step out.' });
    }
    return <p>drawn</p>;
  };

  it('shows why its part failed, and tries again', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    render(
      <>
        <ErrorBoundary trans={trans} title="The graph">
          <Part />
        </ErrorBoundary>
        <p>the rest</p>
      </>
    );
    expect(screen.getByRole('alert')).toHaveTextContent('The graph cannot be shown.');
    expect(screen.getByRole('alert')).toHaveTextContent('The graph has a loop.');
    expect(screen.getByText('the rest')).toBeInTheDocument();
    broken = false;
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(screen.getByText('drawn')).toBeInTheDocument();
    log.mockRestore();
  });
});

describe('a fault', () => {
  it('shows the fact, each wrong place, the next step and the number; no stack', async () => {
    const fault = new StudioFault(400, {
      message: '2 problems.',
      next: 'mend them.',
      number: 'abcd1234',
      problems: [
        { path: 'a.yml', line: 3, field: 'rows', message: 'It is no number.' },
        { path: '', line: 0, field: '', message: 'Something else.' }
      ]
    });
    const { container } = render(<Fault fault={fault} trans={trans} again={() => undefined} />);
    expect(container).toHaveTextContent(
      '2 problems.a.yml:3, rows: It is no number.Something else.Next: mend them.Error number abcd1234Try again'
    );
    expect(await faultsOf(container)).toEqual([]);
  });

  it('is nothing where there is none', () => {
    const { container } = render(<Fault fault={null} trans={trans} />);
    expect(container).toBeEmptyDOMElement();
  });
});

describe('small pieces', () => {
  it('tell a state by a word and a mark', async () => {
    const { container } = render(
      <div>
        <StatusBadge status="lapsed" trans={trans} />
        <Empty title="Nothing yet">Make one.</Empty>
        <Busy text="Reading" />
      </div>
    );
    expect(container).toHaveTextContent('lapsed');
    expect(toneOf('failed')).toBe('bad');
    expect(toneOf('what nobody knows')).toBe('plain');
    expect(await faultsOf(container)).toEqual([]);
  });

  it('tell times', () => {
    const now = Date.parse('2026-03-02T12:00:00Z');
    expect(ago('2026-03-02T11:59:50Z', trans, now)).toBe('just now');
    expect(ago('2026-03-02T11:55:00Z', trans, now)).toBe('5 minutes ago');
    expect(ago('2026-03-01T11:55:00Z', trans, now)).toBe('yesterday');
    expect(ago('2026-01-01T11:55:00Z', trans, now)).toBe('Jan 1, 2026');
    expect(ago(null, trans)).toBe('');
    expect(ago('no time', trans)).toBe('');
    expect([0.42, 12.4, 185, 7800, null].map(seconds => lasting(seconds, trans))).toEqual([
      '0.4 s',
      '12 s',
      '3 min 5 s',
      '2 h 10 min',
      ''
    ]);
  });
});

describe('asking', () => {
  it('keeps the old answer beside a fault, and asks anew with all others', async () => {
    const studio = new FakeStudio({ home: { needs: [], happened: [], running: ['a'] } });
    const Shown = (): JSX.Element => {
      const asking = useAsking(() => studio.client.get('home'), { studio });
      return (
        <p>
          {asking.value?.running.join() ?? 'nothing'} {asking.fault?.message}
        </p>
      );
    };
    render(<Shown />);
    expect(await screen.findByText('a')).toBeInTheDocument();
    studio.client.answers.home = () => {
      throw new StudioFault(500, { message: 'It broke.' });
    };
    act(() => studio.refresh());
    expect(await screen.findByText('a It broke.')).toBeInTheDocument();
  });

  it('leaves out the answer to what is not asked any more', async () => {
    const waiting: { [key: string]: (value: string) => void } = {};
    const Shown = (props: { name: string }): JSX.Element => {
      const asking = useAsking(
        () => new Promise<string>(resolve => (waiting[props.name] = resolve)),
        { key: props.name }
      );
      return <p>{asking.value ?? 'waits'}</p>;
    };
    const { rerender } = render(<Shown name="one" />);
    rerender(<Shown name="two" />);
    await act(async () => waiting.one('answer one'));
    expect(screen.getByText('waits')).toBeInTheDocument();
    await act(async () => waiting.two('answer two'));
    expect(screen.getByText('answer two')).toBeInTheDocument();
    rerender(<Shown name="three" />);
    expect(screen.getByText('waits')).toBeInTheDocument();
  });

  it('does one thing at a time', async () => {
    let finish: () => void = () => undefined;
    const action = jest.fn(() => new Promise<void>(resolve => (finish = resolve)));
    const Shown = (): JSX.Element => {
      const doing = useDoing();
      return (
        <button onClick={() => void doing.run(action)}>
          {doing.busy ? 'busy' : (doing.fault?.message ?? 'go')}
        </button>
      );
    };
    render(<Shown />);
    await userEvent.click(screen.getByRole('button'));
    await userEvent.click(screen.getByRole('button'));
    expect(action).toHaveBeenCalledTimes(1);
    await act(async () => finish());
    expect(screen.getByText('go')).toBeInTheDocument();
  });
});
