// Generated from studio/server/routes/*.py by: make api. Do not edit: a test holds it to the models.

/** Below Jupyter's base address. */
export const PREFIX = 'studio/api/v1';

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** The body of every answer that is an error, and the data of a stream's event `error`. */
export interface Failure {
  /** The fact and the culprit. */
  message: string;
  /** The next step; may be empty. */
  next: string;
  /** The policy's rule that refused, or the kind of the error. */
  rule: string;
  problems: { path: string; line: number; field: string; message: string }[];
  /** With which the operator finds an unexpected error in the server's log; "" for every other. */
  number: string;
}

// --- activities

/** Run a pipeline by its name, or a notebook by its path. */
export interface StartRun {
  /** A pipeline's name, or a notebook as Jupyter calls it (ends in .ipynb, .py or .md). */
  name: string;
  /** `name` or `step.name` -> value; a text is taken as it would be on the command line. */
  values?: { [key: string]: JsonValue };
  jobs?: number | null;
  force?: boolean;
  start?: string | null;
  only?: string | null;
  environment?: string;
}

/** Continue a run. */
export interface ResumeRun {
  run: string;
  jobs?: number | null;
}

/** Test notebooks (as Jupyter calls them) and pipelines (by name). */
export interface StartTests {
  names: string[];
  rungs?: ('code' | 'data' | 'pipeline' | 'model')[];
  /** Tests in the notebooks by name: these alone are run, and no other rung. */
  tests?: string[];
}

/** Test and submit notebooks and pipelines for review. */
export interface StartSubmission {
  names: string[];
  message?: string;
}

/** Which activity. */
export interface ActivityQuery {
  id: string;
}

/** Which activity, and after which of its events. */
export interface ActivityEventsQuery {
  id: string;
  /** Only events after this number; a browser's Last-Event-ID stands for it when it comes back. */
  after?: number;
}

/** Something that goes on in a process of its own, or has ended. */
export interface Activity {
  id: string;
  kind: 'run' | 'resume' | 'test' | 'submit';
  /** `run churn`, `test notebooks/a.ipynb`. */
  title: string;
  /** Pipelines by name, notebooks by subject. */
  names: string[];
  /** The pipeline that it is about, the first of several; "" for a notebook. */
  pipeline: string;
  /** The notebook that it is about, the first of several, as Jupyter calls it; None where Jupyter shows none. */
  path: string | null;
  started: string;
  status: 'starting' | 'running' | 'completed' | 'failed' | 'refused' | 'stopped' | 'died';
  /** The run's identifier once it is known; "" before, and for tests. */
  run: string;
  /** The sentence that ended it, next step included; "" while it goes on. */
  text: string;
}

/** The latest activities, newest first. */
export interface Activities {
  activities: Activity[];
}

/** One thing that happened; `number` is the event's place, from 1 (send it as Last-Event-ID to go on after it). */
export interface ActivityEvent {
  number: number;
  time: string;
  kind: 'started' | 'run' | 'step started' | 'cell' | 'step delayed' | 'step finished' | 'case' | 'message' | 'ended';
  run: string;
  step: string;
  attempt: number;
  done: number;
  total: number;
  /** Of a step, of a case, or (kind `ended`) of the activity. */
  status: string;
  seconds: number;
  /** The reason, the case's name, or the sentence that ends it (an error owns its sentence, next step included). */
  text: string;
  subject: string;
  detail: string;
  /** At the end: what `--json` of the command prints. */
  result: { [key: string]: JsonValue } | null;
}

// --- apps

/** One app. */
export interface App {
  name: string;
  title: string;
  description: string;
  /** Whether it is of the workspace or came with Studio. */
  origin: 'workspace' | 'studio';
  /** Where a browser opens it, from Jupyter's host on; "" for one that cannot be shown. */
  address: string;
  /** Its notebook, as Jupyter calls it; None for one that lies elsewhere. */
  path: string | null;
  /** Why it cannot be shown; "" for one that can. */
  problem: string;
}

/** All apps, by title. */
export interface Apps {
  apps: App[];
}

// --- home

/** Something that waits for somebody. */
export interface Need {
  /** A review that waits for me, my submission that was rejected, a failed latest run, a lapsed approval, a fault. */
  kind: 'review' | 'returned' | 'failed run' | 'lapsed' | 'problem';
  title: string;
  text: string;
  time: string | null;
  submission: string;
  run: string;
  pipeline: string;
  /** A file, as Jupyter calls it. */
  path: string | null;
}

/** Something that happened. */
export interface Happening {
  time: string;
  text: string;
  kind: string;
  run: string;
  submission: string;
  subject: string;
}

/** The home panel. A part that cannot be read is a need of the kind `problem`. */
export interface Home {
  needs: Need[];
  happened: Happening[];
  /** Runs that go on now. */
  running: string[];
}

// --- ledger

/** A page of events, newest first. */
export interface EventsQuery {
  kind?: string;
  subject?: string;
  actor?: string;
  /** Only events before this number; 0 for the newest. */
  before?: number;
  limit?: number;
}

/** One event. */
export interface Event {
  sequence: number;
  time: string;
  kind: string;
  actor: string;
  subject: string;
  environment: string;
  /** What happened, as people say it. */
  sentence: string;
  details: { [key: string]: JsonValue };
}

/** A page. */
export interface Events {
  events: Event[];
  more: boolean;
  kinds: string[];
}

/** Whether the ledger is whole. */
export interface Verified {
  ok: boolean;
  events: number;
  /** What is wrong, a sentence each; approvals whose anchors could not be read are among them and harm nothing. */
  faults: string[];
}

// --- notebooks

/** Which notebook. */
export interface NotebookQuery {
  /** As Jupyter calls it. */
  path: string;
}

/** Whether the content is approved as it is in the file now. */
export interface State {
  subject: string;
  /** `submitted`: it waits for a reviewer exactly as it is now. */
  status: 'draft' | 'submitted' | 'approved' | 'lapsed' | 'revoked' | 'invalid';
  reasons: string[];
  changes: string[];
  /** Ids of the cells that end the approval. */
  changed_cells: string[];
  approvers: string[];
  next: string;
  notes: string[];
  /** The submission that waits, or the latest one; "" where there is none. */
  submission: string;
}

/** One cell as Studio sees it. */
export interface CellState {
  id: string;
  /** From 1, as people count. */
  number: number;
  role: 'code' | 'parameters' | 'test' | 'scratch' | 'leftover' | 'text';
}

/** What a check says about one place. */
export interface Finding {
  rule: string;
  /** From 1; 0 for the whole notebook. */
  cell: number;
  cell_id: string;
  line: number;
  message: string;
  fix: string;
  fixable: boolean;
}

/** A dataset that the notebook loads or saves. */
export interface DatasetUse {
  name: string;
  verb: 'load' | 'save';
  cell: number;
  cell_id: string;
  line: number;
  contract: string;
  /** The contract's file, as Jupyter calls it. */
  contract_path: string | null;
  rows: number | null;
  created: string | null;
  /** The run and step that made the latest snapshot, such as `20260101-120000-abcdef / train`. */
  made_by: string;
  problem: string;
  /** Notebooks that save it (subjects). */
  up: string[];
  /** Notebooks that load it (subjects). */
  down: string[];
}

/** One typed parameter. */
export interface Parameter {
  name: string;
  annotation: string;
  default: JsonValue;
  required: boolean;
  help: string;
  secret: boolean;
}

/** The parameters cell as a form. */
export interface Parameters {
  /** From 1; 0 where the notebook has none. */
  cell: number;
  cell_id: string;
  fields: Parameter[];
  json_schema: { [key: string]: JsonValue };
  problem: string;
}

/** One test and what came of it the last time. */
export interface TestCase {
  name: string;
  rung: 'code' | 'data' | 'pipeline' | 'model';
  status: 'passed' | 'failed' | 'error' | 'skipped' | 'not run';
  seconds: number;
  message: string;
  detail: string;
  output: string;
  cell: number | null;
  cell_id: string;
  line: number | null;
}

/** The tests of a notebook. */
export interface Tests {
  cases: TestCase[];
  /** When this content was tested (RFC 3339); None where it was not. */
  tested: string | null;
}

/** All that the panel shows. A part that cannot be read says so in its own `problem`; the others stay. */
export interface NotebookState {
  subject: string;
  /** Why the notebook cannot be read at all; the rest is empty then. */
  problem: string;
  title: string;
  state: State | null;
  cells: CellState[];
  parameters: Parameters;
  datasets: DatasetUse[];
  findings: Finding[];
  tests: Tests;
  /** Pipelines that have it as a step. */
  pipelines: string[];
  /** Why a part is missing, by its name: state, parameters, datasets, findings, tests, pipelines. */
  problems: { [key: string]: string };
}

/** Values to write into the parameters cell as its new defaults. */
export interface WriteParameters {
  path: string;
  /** The cell's present text, which may not be saved yet. */
  source: string;
  values: { [key: string]: JsonValue };
}

/** The parameters cell's new text; the front end puts it into the cell. */
export interface ParametersSource {
  source: string;
}

/** Mend what is safe to mend; all that can be, or only by these rules. */
export interface FixRequest {
  path: string;
  rules?: string[];
}

/** What was mended. */
export interface Fixed {
  /** Sentences. */
  fixed: string[];
}

/** What a new notebook can be made from. */
export interface Templates {
  templates: Template[];
}

/** One template. */
export interface Template {
  name: string;
  title: string;
  description: string;
  /** The phase of CRISP-DM. */
  phase: string;
}

/** Make a notebook from a template. */
export interface NewNotebook {
  template: string;
  /** As Jupyter calls it; "" is Jupyter's root. */
  folder: string;
  /** Without a name: the template's, numbered where it is taken. */
  name?: string;
}

/** What was made; Jupyter's name of the file to open. */
export interface Made {
  path: string;
  /** Other files that were written, by their paths in the workspace. */
  also: string[];
}

// --- pipelines

/** One pipeline in the list. */
export interface Overview {
  name: string;
  description: string;
  steps: number;
  problem: string;
  /** Of its latest run: running, completed, failed, killed; "" where there is none. */
  last_status: string;
  last_started: string | null;
}

/** All pipelines of the workspace. */
export interface Pipelines {
  pipelines: Overview[];
}

/** Which pipeline; whether a run is foreseen step by step (reads digests, so it takes longer). */
export interface PipelineQuery {
  /** A pipeline's name, or a notebook by its path in the workspace. */
  name: string;
  verdicts?: boolean;
}

/** Whether a run would run the step or reuse it, and why. */
export interface Verdict {
  reuse: boolean;
  undecided: boolean;
  reason: string;
}

/** A step, or one part of a fan-out. */
export interface Step {
  key: string;
  name: string;
  part: string;
  notebook: string;
  lab_path: string | null;
  values: { [key: string]: JsonValue };
  loads: string[];
  saves: string[];
  /** Names of steps. */
  needs: string[];
  verdict: Verdict | null;
}

/**
 * A parameter that a run of the pipeline can be given.
 *
 * Where steps disagree about a parameter (its type, its value, a fan-out over it), there is a field for each of them.
 */
export interface Field {
  /** `seed`: of all steps that have it; `train.seed`: of one. As a run takes it. */
  name: string;
  annotation: string;
  steps: string[];
  default: JsonValue;
  required: boolean;
  help: string;
  secret: boolean;
  /** Whether the pipeline's file sets it. */
  given: boolean;
}

/** One thing that is wrong with a pipeline, and where. */
export interface Wrong {
  /** The file, as Jupyter calls it. */
  path: string | null;
  /** From 1; 0 where none is known. In a notebook `field` names the cell. */
  line: number;
  field: string;
  message: string;
}

/** When a pipeline runs by itself, under `studio scheduler`. */
export interface ScheduleOf {
  cron: string;
  timezone: string;
  missed: string;
  environment: string;
  /** When it comes next. */
  next: string | null;
  /** What came of the latest time, as a sentence; "" where none came yet. */
  last: string;
  /** Whether a scheduler is up; without one nothing starts by itself. */
  up: boolean;
}

/** One pipeline; a broken one as far as it can be read. */
export interface Pipeline {
  name: string;
  description: string;
  /** Its file, as Jupyter calls it. */
  path: string | null;
  /** What keeps a run from being started, told in one text; "" where nothing does. */
  problem: string;
  /** The same one by one. */
  problems: Wrong[];
  sources: string[];
  steps: Step[];
  fields: Field[];
  json_schema: { [key: string]: JsonValue };
  schedule: ScheduleOf | null;
  /** The approval of its file: draft, submitted, approved, lapsed, revoked, invalid; "" while it is broken. */
  state: string;
  /** The approval of each notebook, by its subject. */
  states: { [key: string]: string };
}

/** Put a notebook into a pipeline as a new step; comments and layout of the file stay. */
export interface AddStep {
  pipeline: string;
  /** As Jupyter calls it. */
  notebook: string;
  /** The step's name; the notebook's without one. */
  step?: string;
}

/** A new pipeline file with these notebooks (as Jupyter calls them) as steps. */
export interface NewPipeline {
  name: string;
  notebooks: string[];
  description?: string;
}

/** The file that was written, as Jupyter calls it. */
export interface Written {
  path: string;
  pipeline: string;
}

// --- reviews

/** Which submissions: those that wait, or all. */
export interface ReviewsQuery {
  everything?: boolean;
}

/** One submission in a list. */
export interface Listed {
  submission: string;
  subject: string;
  author: string;
  time: string;
  message: string;
  ok: boolean;
  status: string;
}

/** Submissions, newest first. */
export interface Reviews {
  submissions: Listed[];
}

/** Which submission: its identifier, or a subject for its latest one. */
export interface SubmissionQuery {
  submission: string;
}

/** Whether this person may do something now, and why (not). */
export interface Permission {
  allowed: boolean;
  reason: string;
  next: string;
}

/** What somebody said. */
export interface Comment {
  author: string;
  time: string;
  text: string;
  /** From 1, in the notebook as it was submitted; None for the whole, or where the cell is gone. */
  cell: number | null;
  cell_id: string;
  /** `notebook` (about the whole), `here`, `edited` since, `gone`. */
  status: string;
}

/** One test of the submission's report. */
export interface Case {
  rung: string;
  subject: string;
  name: string;
  status: string;
  seconds: number;
  message: string;
  detail: string;
  cell: number | null;
}

/** A measure before and now. */
export interface Metric {
  name: string;
  old: number | null;
  new: number | null;
  absolute: number | null;
  relative: number | null;
  direction: string;
}

/** A figure before and now: data URIs of images, never HTML. */
export interface Figure {
  cell: number;
  status: string;
  old: string | null;
  new: string | null;
}

/** What changed in a contract, in words. */
export interface Contract {
  name: string;
  status: string;
  words: string[];
  text: string;
}

/** All that a reviewer needs. */
export interface Review {
  submission: string;
  subject: string;
  /** The notebook as Jupyter calls it, to open it. */
  notebook: string | null;
  title: string;
  author: string;
  time: string;
  message: string;
  commit: string;
  status: string;
  /** What it is compared with, in words. */
  base: string;
  policy: string;
  /** `2 cells changed, 1 added`. */
  summary: string;
  /** The digest to which a decision is bound. */
  fingerprint: string;
  fingerprint_changed: boolean;
  /** What makes the fingerprint differ. */
  changes: string[];
  ok: boolean;
  counts: { [key: string]: number };
  cases: Case[];
  metrics: Metric[];
  figures: Figure[];
  contracts: Contract[];
  findings: string[];
  comments: Comment[];
  run: string;
  sampled: boolean;
  /** Address of the packet as one page (served with a content security policy that runs nothing). */
  page: string;
  approve: Permission;
  reject: Permission;
  /** Taking back an approval that holds; not allowed where there is none. */
  revoke: Permission;
  comment: Permission;
  /** Whether the content in the workspace is still what was submitted. */
  current: boolean;
  signature_needed: boolean;
}

/** What nbdime's view shows: the notebook before, and nbdime's difference to the one that was submitted. */
export interface NotebookDifference {
  base: { [key: string]: JsonValue };
  diff: { [key: string]: JsonValue }[];
  base_label: string;
  remote_label: string;
  /** Ids of the submitted notebook's cells, in order. */
  cells: string[];
}

/** A comment on a submission's notebook or on one of its cells. */
export interface Say {
  submission: string;
  text: string;
  cell?: number | null;
}

/** Approve, reject or revoke. */
export interface Decide {
  submission: string;
  verb: 'approve' | 'reject' | 'revoke';
  message?: string;
}

/** What was decided. */
export interface Decided {
  subject: string;
  verb: string;
  actor: string;
  reason: string;
  /** What to do next: commit the approval's file. */
  next: string;
  file: string;
}

// --- runs

/** A page of runs, newest first. */
export interface RunsQuery {
  /** Only the runs of this pipeline, or of this notebook, by its path in the workspace. */
  pipeline?: string;
  /** Only runs older than this one (its identifier). */
  before?: string;
  limit?: number;
}

/** One run in the list. */
export interface Row {
  run: string;
  pipeline: string;
  name: string;
  status: string;
  started: string | null;
  seconds: number | null;
  environment: string;
  actor: string;
  counts: { [key: string]: number };
  /** Why its record cannot be read. */
  problem: string;
}

/** A page. */
export interface Runs {
  runs: Row[];
  total: number;
  more: boolean;
}

/** Which run: an identifier, the start of one, or "last". */
export interface RunQuery {
  run: string;
}

/** How a step failed. */
export interface StepError {
  kind: string;
  message: string;
  ename: string;
  evalue: string;
  /** With terminal colours taken out. */
  traceback: string[];
  /** From 0, in the notebook's source. */
  cell: number | null;
  cell_id: string;
  source: string;
}

/** One step of a run. */
export interface StepRun {
  key: string;
  name: string;
  part: string;
  status: string;
  attempt: number;
  started: string | null;
  ended: string | null;
  seconds: number | null;
  done: number;
  /** Cells finished and cells in all, while it runs and this is known; else 0. */
  total: number;
  notebook: string;
  lab_path: string | null;
  /** The executed notebook as `Executed.path`; None where there is none (yet). */
  executed: string | null;
  values: { [key: string]: JsonValue };
  metrics: { [key: string]: JsonValue };
  outputs: string[];
  /** Why it ran or was reused. */
  reason: string;
  reused_from: string | null;
  /** Address of its MLflow run in the MLflow UI behind Jupyter. */
  mlflow: string | null;
  error: StepError | null;
}

/** One run. */
export interface Run {
  run: string;
  pipeline: string;
  name: string;
  status: string;
  started: string | null;
  ended: string | null;
  seconds: number | null;
  environment: string;
  actor: string;
  given: { [key: string]: string };
  counts: { [key: string]: number };
  mlflow: string | null;
  /** The activity that drives it from here and can be stopped; "" where it was started elsewhere. */
  activity: string;
  steps: StepRun[];
  gates: { [key: string]: JsonValue }[];
}

/** Which step of which run: the step's key, or its name. */
export interface ExecutedQuery {
  run: string;
  step: string;
}

/**
 * A step's executed notebook, and the cell to show.
 *
 * It lies under .studio/, which Jupyter does not show, and showing hidden files would open much else. So it is no file
 * to Jupyter: `runs/document` gives its content, and JupyterLab shows it through a read-only drive named `DRIVE`
 * (an `IDrive` of the extension whose `get` asks `runs/document`), where nobody can edit what once ran.
 */
export interface Executed {
  /** On that drive: `studio-run:RUN/STEP.ipynb`; what stands between the colon and `.ipynb` is run and key. */
  path: string;
  run: string;
  /** The step's key. */
  step: string;
  status: string;
  /** Index from 0 of the failed cell in the executed notebook; None where nothing failed. */
  cell: number | null;
  cell_id: string;
}

/** The content of an executed notebook, as Jupyter's contents API would give it. */
export interface ExecutedDocument {
  name: string;
  path: string;
  /** The notebook in nbformat 4, as it was executed. */
  content: { [key: string]: JsonValue };
  modified: string;
  size: number;
}

/** The text outputs of a step's executed notebook, cell by cell. */
export interface LogQuery {
  run: string;
  step: string;
}

/** What the step printed. */
export interface Log {
  text: string;
  cut: boolean;
}

// --- session

/** The workspace and the person in front of it. */
export interface Session {
  /** The workspace's root, as a path on the server. */
  workspace: string;
  /** The folder of the workspace that Jupyter shows, "" or "folder/": a subject is it and Jupyter's path. */
  prefix: string;
  project: string;
  actor: string;
  name: string;
  /** Empty where nobody is declared in studio.toml. */
  roles: string[];
  /** Whether the workspace is open: nobody is declared. */
  open: boolean;
  environments: string[];
}

/** GET: the address below PREFIX, what is asked, what is answered. */
export interface Gets {
  'activities': { asked: null; answer: Activities };
  'apps': { asked: null; answer: Apps };
  'home': { asked: null; answer: Home };
  'ledger': { asked: EventsQuery; answer: Events };
  'notebooks/state': { asked: NotebookQuery; answer: NotebookState };
  'notebooks/templates': { asked: null; answer: Templates };
  'pipelines': { asked: null; answer: Pipelines };
  'pipelines/pipeline': { asked: PipelineQuery; answer: Pipeline };
  'reviews': { asked: ReviewsQuery; answer: Reviews };
  'reviews/difference': { asked: SubmissionQuery; answer: NotebookDifference };
  'reviews/review': { asked: SubmissionQuery; answer: Review };
  'runs': { asked: RunsQuery; answer: Runs };
  'runs/document': { asked: ExecutedQuery; answer: ExecutedDocument };
  'runs/executed': { asked: ExecutedQuery; answer: Executed };
  'runs/log': { asked: LogQuery; answer: Log };
  'runs/run': { asked: RunQuery; answer: Run };
  'session': { asked: null; answer: Session };
}

/** POST with a JSON body: the address below PREFIX, what is asked, what is answered. */
export interface Posts {
  'activities/resume': { asked: ResumeRun; answer: Activity };
  'activities/run': { asked: StartRun; answer: Activity };
  'activities/stop': { asked: ActivityQuery; answer: Activity };
  'activities/submit': { asked: StartSubmission; answer: Activity };
  'activities/test': { asked: StartTests; answer: Activity };
  'ledger/verify': { asked: null; answer: Verified };
  'notebooks/fix': { asked: FixRequest; answer: Fixed };
  'notebooks/new': { asked: NewNotebook; answer: Made };
  'notebooks/parameters': { asked: WriteParameters; answer: ParametersSource };
  'pipelines/add': { asked: AddStep; answer: Written };
  'pipelines/new': { asked: NewPipeline; answer: Written };
  'reviews/comment': { asked: Say; answer: Comment };
  'reviews/decide': { asked: Decide; answer: Decided };
}

/** GET, answered with server-sent events: the address below PREFIX, what is asked, what is answered. */
export interface Streams {
  'activities/events': { asked: ActivityEventsQuery; answer: ActivityEvent };
  'runs/events': { asked: RunQuery; answer: Run };
}

/** GET, answered with HTML: the address below PREFIX, what is asked, what is answered. */
export interface Pages {
  'reviews/page': { asked: SubmissionQuery; answer: string };
}
