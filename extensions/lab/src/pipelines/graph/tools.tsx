/**
 * Larger, smaller, all of it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useReactFlow } from '@xyflow/react';
import * as React from 'react';

/** The buttons of a drawing. */
export function Tools({ trans }: { trans: TranslationBundle }): JSX.Element {
  const flow = useReactFlow();
  return (
    <div className="studio-Graph-tools" role="group" aria-label={trans.__('Size of the graph')}>
      <Tool label={trans.__('Larger (+)')} path="M8 3.5v9M3.5 8h9" run={() => flow.zoomIn()} />
      <Tool label={trans.__('Smaller (-)')} path="M3.5 8h9" run={() => flow.zoomOut()} />
      <Tool
        label={trans.__('Show all of it (0)')}
        path="M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"
        run={() => flow.fitView({ padding: 0.05, maxZoom: 1 })}
      />
    </div>
  );
}

function Tool(props: { label: string; path: string; run: () => unknown }): JSX.Element {
  return (
    <button
      type="button"
      title={props.label}
      aria-label={props.label}
      onClick={() => void props.run()}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d={props.path} />
      </svg>
    </button>
  );
}
