/**
 * The ledger: who did what, newest first; filters, one event in full, and whether the chain is whole.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Event, Verified } from '../api';
import type { IStudio } from '../tokens';
import { Busy, Empty, exactly, Fault, useDoing, VirtualList } from '../ui';
import { Details } from './details';
import { EVERYTHING, type IFilter, LedgerPages, verified } from './pages';

export interface ILedgerViewProps {
  studio: IStudio;
  trans: TranslationBundle;
  /** False while the panel is behind others. */
  visible?: boolean;
}

const ROW = 44;
/** Milliseconds after the last key. */
const TYPED = 300;

/** The panel. */
export function LedgerView(props: ILedgerViewProps): JSX.Element {
  const { studio, trans, visible = true } = props;
  const pages = React.useMemo(() => new LedgerPages(studio.client), [studio]);
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  const [chosen, setChosen] = React.useState<Event | null>(null);

  const begun = React.useRef(false);

  React.useEffect(() => {
    const tell = (): void => redraw();
    pages.changed.connect(tell);
    return () => pages.dispose();
  }, [pages]);
  React.useEffect(() => {
    if (!visible) {
      return; // nothing is asked before somebody looks
    }
    const again = (): void => void pages.refresh();
    if (begun.current) {
      again();
    } else {
      begun.current = true;
      void pages.look(EVERYTHING);
    }
    studio.refreshed.connect(again);
    return () => {
      studio.refreshed.disconnect(again);
    };
  }, [pages, studio, visible]);

  const empty = pages.events.length === 0;
  const filtered = pages.filter.kind + pages.filter.subject + pages.filter.actor !== '';
  return (
    <div className="studio-Ledger">
      <div className="studio-Ledger-head">
        <Filters pages={pages} trans={trans} />
        <Verify studio={studio} trans={trans} />
      </div>
      <Fault fault={pages.fault} trans={trans} again={() => void pages.look(pages.filter)} />
      {empty && pages.busy ? <Busy text={trans.__('Reading the ledger …')} /> : null}
      {empty && !pages.busy && !pages.fault ? (
        <Empty
          title={filtered ? trans.__('No event fits.') : trans.__('Nothing has happened yet.')}
        >
          {filtered ? null : (
            <p>
              {trans.__('Runs, submissions and decisions are written here, and never changed.')}
            </p>
          )}
        </Empty>
      ) : null}
      {empty ? null : (
        <VirtualList
          label={trans.__('Events, newest first')}
          items={pages.events}
          rowHeight={ROW}
          keyOf={event => event.sequence}
          more={pages.more}
          loadMore={() => void pages.next()}
          loading={trans.__('Reading …')}
          render={event => (
            <Row
              event={event}
              trans={trans}
              chosen={chosen?.sequence === event.sequence}
              choose={() => setChosen(chosen?.sequence === event.sequence ? null : event)}
            />
          )}
        />
      )}
      {chosen ? <Details event={chosen} trans={trans} close={() => setChosen(null)} /> : null}
    </div>
  );
}

function Row(props: {
  event: Event;
  trans: TranslationBundle;
  chosen: boolean;
  choose: () => void;
}): JSX.Element {
  const { event, trans, chosen, choose } = props;
  return (
    <button
      type="button"
      className={`studio-Ledger-row ${chosen ? 'studio-mod-chosen' : ''}`}
      aria-pressed={chosen}
      onClick={choose}
    >
      <span className="studio-Ledger-number">{event.sequence}</span>
      <span className="studio-Ledger-sentence">{event.sentence}</span>
      <span className="studio-Ledger-by">
        {[event.actor, exactly(event.time, trans), event.environment].filter(Boolean).join(' · ')}
      </span>
      <span className="studio-Ledger-kind">{event.kind}</span>
    </button>
  );
}

function Filters({ pages, trans }: { pages: LedgerPages; trans: TranslationBundle }): JSX.Element {
  const [filter, setFilter] = React.useState<IFilter>(pages.filter);
  const first = React.useRef(true);
  React.useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const timer = window.setTimeout(() => void pages.look(filter), TYPED);
    return () => window.clearTimeout(timer);
  }, [filter, pages]);
  const set = (part: Partial<IFilter>): void => setFilter({ ...filter, ...part });
  return (
    <search className="studio-Ledger-filters" aria-label={trans.__('Look for events')}>
      <label>
        <span>{trans.__('Kind')}</span>
        <select
          className="studio-Input"
          value={filter.kind}
          onChange={event => set({ kind: event.target.value })}
        >
          <option value="">{trans.__('all')}</option>
          {pages.kinds.map(kind => (
            <option key={kind}>{kind}</option>
          ))}
        </select>
      </label>
      <label>
        <span>{trans.__('Subject')}</span>
        <input
          className="studio-Input"
          type="search"
          value={filter.subject}
          placeholder={trans.__('notebook, pipeline …')}
          onChange={event => set({ subject: event.target.value })}
        />
      </label>
      <label>
        <span>{trans.__('Who')}</span>
        <input
          className="studio-Input"
          type="search"
          value={filter.actor}
          onChange={event => set({ actor: event.target.value })}
        />
      </label>
    </search>
  );
}

function Verify({ studio, trans }: { studio: IStudio; trans: TranslationBundle }): JSX.Element {
  const doing = useDoing();
  const [result, setResult] = React.useState<Verified | null>(null);
  const verify = async (): Promise<void> => {
    setResult(null);
    setResult(await verified(studio.client));
  };
  return (
    <div className="studio-Ledger-verify">
      <button
        type="button"
        className="studio-Button"
        disabled={doing.busy}
        onClick={() => void doing.run(verify)}
      >
        {doing.busy ? trans.__('Verifying …') : trans.__('Verify')}
      </button>
      <div role="status">
        {result?.ok ? (
          <span className="studio-Ledger-whole">
            ✓{' '}
            {trans._n(
              '%1 event, the chain is whole',
              '%1 events, the chain is whole',
              result.events,
              result.events
            )}
          </span>
        ) : null}
        {result && !result.ok ? (
          <div className="studio-Ledger-broken">
            ✕ {trans.__('The chain is broken:')}
            <ul>
              {result.faults.map((fault, index) => (
                <li key={index}>{fault}</li>
              ))}
            </ul>
          </div>
        ) : null}
      </div>
      <Fault fault={doing.fault} trans={trans} />
    </div>
  );
}
