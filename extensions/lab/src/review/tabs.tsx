/**
 * Tabs as the ARIA authoring practices describe them: one stop for the keyboard, arrows between, one panel at a time.
 */
import * as React from 'react';

export interface ITab {
  id: string;
  label: string;
  /** A number beside the label; left out where there is nothing to count. */
  count?: number;
  /** What the number counts, where that is nothing good. */
  alarm?: string;
  show: () => React.ReactNode;
}

interface ITabsProps {
  label: string;
  tabs: ITab[];
  chosen: string;
  choose: (id: string) => void;
  /** Makes ids of this page's elements unique. */
  prefix: string;
}

export function Tabs(props: ITabsProps): JSX.Element {
  const { tabs, chosen, choose, prefix } = props;
  const list = React.useRef<HTMLDivElement>(null);
  // A panel that was shown stays, so that a difference is not made twice and half-written comments are kept.
  const shown = React.useRef(new Set<string>());
  shown.current.add(chosen);

  const move = (event: React.KeyboardEvent): void => {
    const at = tabs.findIndex(tab => tab.id === chosen);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const next = tabs[(to + tabs.length) % tabs.length];
    choose(next.id);
    list.current?.querySelector<HTMLElement>(`#${prefix}-tab-${next.id}`)?.focus();
  };

  return (
    <>
      <div className="studio-Review-tabs" role="tablist" aria-label={props.label} ref={list}>
        {tabs.map(tab => (
          <button
            key={tab.id}
            id={`${prefix}-tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab.id === chosen}
            aria-controls={`${prefix}-panel-${tab.id}`}
            tabIndex={tab.id === chosen ? 0 : -1}
            className="studio-Review-tab"
            onClick={() => choose(tab.id)}
            onKeyDown={move}
          >
            {tab.label}
            {tab.count ? (
              <span className={`studio-Review-count${tab.alarm ? ' studio-mod-alarm' : ''}`}>
                {tab.alarm ? `${tab.count} ${tab.alarm}` : tab.count}
              </span>
            ) : null}
          </button>
        ))}
      </div>
      {tabs.map(tab => (
        <div
          key={tab.id}
          id={`${prefix}-panel-${tab.id}`}
          role="tabpanel"
          aria-labelledby={`${prefix}-tab-${tab.id}`}
          className="studio-Review-panel"
          tabIndex={0}
          hidden={tab.id !== chosen}
        >
          {shown.current.has(tab.id) ? tab.show() : null}
        </div>
      ))}
    </>
  );
}
