/**
 * When something happened: how long ago, and exactly for who asks.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ago, exactly } from '../ui';

export function When(props: { time: string; trans: TranslationBundle }): JSX.Element {
  const { time, trans } = props;
  return (
    <time dateTime={time} title={exactly(time, trans)}>
      {ago(time, trans) || time}
    </time>
  );
}
