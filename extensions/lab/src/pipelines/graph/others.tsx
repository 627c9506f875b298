/**
 * What stands between the steps: datasets from outside or for others, and arrows with the names of datasets.
 */
import { BaseEdge, Handle, Position, type EdgeProps } from '@xyflow/react';
import * as React from 'react';

import { label, type IPlacedArrow } from './layout';
import { pathThrough } from './path';

/** A dataset that comes from outside, or that no step loads. */
export const DatasetNode = React.memo(function DatasetNode(props: {
  data: { name: string };
}): JSX.Element {
  return (
    <div className="studio-Dataset" title={props.data.name}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <svg className="studio-Dataset-mark" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d="M3 4.2c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.7-5 1.7-5-.7-5-1.7zM3 4.2v7.6c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4.2M3 8c0 1 2.2 1.7 5 1.7S13 9 13 8" />
      </svg>
      <span>{label([props.data.name])}</span>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

/** An arrow from a step to a step. */
export const ArrowEdge = React.memo(function ArrowEdge(props: EdgeProps): JSX.Element {
  const arrow = props.data as unknown as IPlacedArrow;
  const short = label(arrow.datasets);
  const whole = arrow.datasets.join('\n');
  return (
    <>
      <BaseEdge
        path={pathThrough(arrow.points)}
        markerEnd={props.markerEnd}
        className={arrow.order ? 'studio-mod-order' : ''}
        interactionWidth={0}
      />
      {arrow.datasets.length ? (
        <text className="studio-Arrow-label" x={arrow.label.x} y={arrow.label.y}>
          {whole !== short ? <title>{whole}</title> : null}
          {short}
        </text>
      ) : null}
    </>
  );
});
