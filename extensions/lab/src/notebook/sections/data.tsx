/**
 * The datasets that the notebook loads and saves: contract, size, who made them, and the notebooks on both sides.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { DatasetUse } from '../../api';
import { ago, Empty, exactly, Fault } from '../../ui';
import type { ILinks } from '../links';
import type { ISectionContent } from '../content';
import { CellLink } from '../place';

/** The section "Data". */
export function DataSection(props: ISectionContent): JSX.Element {
  const { state, trans } = props;
  const loads = state.datasets.filter(one => one.verb === 'load');
  const saves = state.datasets.filter(one => one.verb === 'save');
  if (state.datasets.length === 0) {
    return (
      <Empty title={trans.__('No dataset is loaded or saved.')}>
        <p>
          {trans.__('Datasets of the catalog are loaded and saved by their names:')}{' '}
          <code>studio.load("customers")</code>
        </p>
      </Empty>
    );
  }
  return (
    <>
      <Datasets {...props} title={trans.__('Loads')} of={loads} />
      <Datasets {...props} title={trans.__('Saves')} of={saves} />
      {props.doing.fault ? <Fault fault={props.doing.fault} trans={trans} /> : null}
    </>
  );
}

function Datasets(
  props: ISectionContent & { title: string; of: readonly DatasetUse[] }
): JSX.Element | null {
  const id = React.useId();
  if (props.of.length === 0) {
    return null;
  }
  return (
    <>
      <h4 className="studio-Subheading" id={id}>
        {props.title}
      </h4>
      <ul className="studio-List" aria-labelledby={id}>
        {props.of.map(one => (
          <li key={`${one.name} ${one.cell} ${one.line}`} className="studio-Item">
            <Dataset {...props} dataset={one} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Dataset(props: ISectionContent & { dataset: DatasetUse }): JSX.Element {
  const { model, trans, links, dataset } = props;
  const place = { id: dataset.cell_id, number: dataset.cell, line: dataset.line };
  return (
    <>
      <div className="studio-Item-head">
        <strong className="studio-Item-name">{dataset.name}</strong>
        <CellLink model={model} trans={trans} place={place} />
      </div>
      {dataset.problem ? <p className="studio-Line studio-mod-wrong">{dataset.problem}</p> : null}
      <p className="studio-Line studio-mod-quiet">
        <Contract dataset={dataset} trans={trans} links={links} />
        {' · '}
        {dataset.rows === null
          ? trans.__('no snapshot yet')
          : trans._n('%2 row', '%2 rows', dataset.rows, dataset.rows.toLocaleString())}
        {dataset.created ? (
          <>
            {' · '}
            <time dateTime={dataset.created} title={exactly(dataset.created, trans)}>
              {ago(dataset.created, trans)}
            </time>
          </>
        ) : null}
      </p>
      {dataset.made_by ? (
        <p className="studio-Line studio-mod-quiet">
          {trans.__('made by')}{' '}
          <button
            type="button"
            className="studio-Link"
            onClick={() => void props.doing.run(() => links.run(dataset.made_by.split(' / ')[0]))}
          >
            {dataset.made_by}
          </button>
        </p>
      ) : null}
      <Notebooks {...props} title={trans.__('saved by')} subjects={dataset.up} />
      <Notebooks {...props} title={trans.__('loaded by')} subjects={dataset.down} />
    </>
  );
}

function Contract(props: {
  dataset: DatasetUse;
  trans: TranslationBundle;
  links: ILinks;
}): JSX.Element {
  const { dataset, trans, links } = props;
  const path = dataset.contract_path;
  if (!dataset.contract) {
    return <span>{trans.__('no contract')}</span>;
  }
  if (path === null) {
    return <span>{trans.__('contract %1', dataset.contract)}</span>;
  }
  return (
    <button type="button" className="studio-Link" onClick={() => links.file(path)}>
      {trans.__('contract %1', dataset.contract)}
    </button>
  );
}

/** Notebooks on the other side of a dataset; this one is left out. */
function Notebooks(
  props: ISectionContent & { title: string; subjects: readonly string[] }
): JSX.Element | null {
  const subjects = props.subjects.filter(subject => subject !== props.state.subject);
  if (subjects.length === 0) {
    return null;
  }
  return (
    <p className="studio-Line studio-mod-quiet">
      {props.title}{' '}
      {subjects.map((subject, index) => {
        const path = props.links.shown(subject);
        const name = subject.split('/').pop() ?? subject;
        return (
          <React.Fragment key={subject}>
            {index > 0 ? ', ' : ''}
            {path === null ? (
              <span title={subject}>{name}</span>
            ) : (
              <button
                type="button"
                className="studio-Link"
                title={subject}
                onClick={() => props.links.file(path)}
              >
                {name}
              </button>
            )}
          </React.Fragment>
        );
      })}
    </p>
  );
}
