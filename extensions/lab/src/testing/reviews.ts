/** A submission as the server would send it, and a server that remembers what was said and decided. */
import type { IComment, IDecided, IDoors, IListed, IReview, IReviews } from '../review/facts';

const YES = { allowed: true, reason: 'bob is an ML engineer', next: '' };
const NO = { allowed: false, reason: 'There is no approval to revoke.', next: '' };

export function aReview(given: Partial<IReview> = {}): IReview {
  return {
    submission: '20260302-101010-abcdef',
    subject: 'notebooks/churn/train.ipynb',
    notebook: 'notebooks/churn/train.ipynb',
    title: 'Train a model',
    author: 'anna',
    time: '2026-03-02T10:10:10Z',
    message: 'A deeper tree',
    commit: '0123456789abcdef',
    status: 'waiting',
    base: 'the approval by bob on 2026-02-01',
    policy: 'one approval by an ML engineer or an owner',
    summary: '1 cell changed',
    fingerprint: 'f1:5f70bf18a086007016e948b04aed3b82',
    fingerprint_changed: true,
    changes: ['parameter depth', 'cell 4'],
    ok: true,
    counts: { passed: 2, failed: 0 },
    cases: [
      aCase({ name: 'test_total' }),
      aCase({ name: 'customers keeps its contract', rung: 'data' })
    ],
    metrics: [
      { name: 'auc', old: 0.8, new: 0.84, absolute: 0.04, relative: 0.05, direction: 'up' },
      { name: 'loss', old: 0.5, new: 0.4, absolute: -0.1, relative: -0.2, direction: 'down' },
      { name: 'rows', old: null, new: 1234567, absolute: null, relative: null, direction: 'new' }
    ],
    figures: [{ cell: 5, status: 'changed', old: PIXEL, new: PIXEL }],
    contracts: [
      {
        name: 'customers',
        status: 'changed',
        words: ['column age: at least 0 → 18'],
        text: ' columns:\n-  ge: 0\n+  ge: 18'
      }
    ],
    findings: ['cell 2 is empty'],
    comments: [],
    run: '20260302-100000-aaaaaa',
    sampled: false,
    page: '/studio/api/v1/reviews/page?submission=20260302-101010-abcdef',
    approve: YES,
    reject: YES,
    revoke: NO,
    comment: YES,
    current: true,
    signature_needed: false,
    ...given
  };
}

export const PIXEL = 'data:image/png;base64,iVBORw0KGgo=';

export function aCase(given: Partial<IReview['cases'][number]> = {}): IReview['cases'][number] {
  return {
    rung: 'code',
    subject: 'notebooks/churn/train.ipynb',
    name: 'test_it',
    status: 'passed',
    seconds: 0.123,
    message: '',
    detail: '',
    cell: 5,
    ...given
  };
}

export function aComment(given: Partial<IComment> = {}): IComment {
  return {
    author: 'bob',
    time: '2026-03-02T11:00:00Z',
    text: 'Why 7?',
    cell: null,
    cell_id: '',
    status: 'notebook',
    ...given
  };
}

type Cell = { id: string; cell_type: string; source: string; metadata: object; outputs?: object[] };

export function aCell(id: string, source: string, given: Partial<Cell> = {}): Cell {
  return { id, cell_type: 'code', source, metadata: {}, outputs: [], ...given };
}

/** Reviews without a server; `refusal` is what every doing is answered with. */
export class FakeReviews implements IReviews {
  said: [string, number | null][] = [];
  decided: [string, string][] = [];
  reads = 0;
  refusal: Error | null = null;
  listed: IListed[] = [];

  constructor(
    public answer: IReview = aReview(),
    public base: Cell[] = [aCell('a', 'x = 1'), aCell('b', 'y = 2'), aCell('c', 'z = 3')],
    public diff: object[] = [
      { key: 'cells', op: 'patch', diff: [{ key: 1, op: 'patch', diff: [sourceDiff()] }] }
    ]
  ) {}

  async list(everything: boolean): Promise<IListed[]> {
    this.throwRefusal();
    return everything ? this.listed : this.listed.filter(one => one.status === 'waiting');
  }

  async review(): Promise<IReview> {
    this.reads++;
    return this.answer;
  }

  async difference(): Promise<any> {
    return {
      base: { cells: this.base, metadata: {}, nbformat: 4, nbformat_minor: 5 },
      diff: this.diff,
      base_label: 'approved on 2026-02-01',
      remote_label: 'submitted by anna',
      cells: []
    };
  }

  async comment(_: string, text: string, cell: number | null): Promise<IComment> {
    this.throwRefusal();
    this.said.push([text, cell]);
    const made = aComment({ text, cell, status: cell === null ? 'notebook' : 'here' });
    this.answer = { ...this.answer, comments: [...this.answer.comments, made] };
    return made;
  }

  async decide(_: string, verb: string, message: string): Promise<IDecided> {
    this.throwRefusal();
    this.decided.push([verb, message]);
    const file = 'pipelines/approvals/notebooks/churn/train.json';
    return {
      subject: this.answer.subject,
      verb,
      actor: 'bob',
      reason: 'bob may, and did',
      next: `git add ${file}, then git commit`,
      file
    };
  }

  private throwRefusal(): void {
    if (this.refusal) {
      throw this.refusal;
    }
  }
}

function sourceDiff(): object {
  // as nbdime in Python says it: by line, then by character
  const characters = [
    { key: 4, op: 'addrange', valuelist: '3' },
    { key: 4, op: 'removerange', length: 1 }
  ];
  return { key: 'source', op: 'patch', diff: [{ key: 0, op: 'patch', diff: characters }] };
}

export function someDoors(): IDoors & { opened: string[] } {
  const opened: string[] = [];
  return {
    opened,
    notebook: path => opened.push(`notebook ${path}`),
    run: run => opened.push(`run ${run}`),
    page: review => opened.push(`page ${review.submission}`)
  };
}
