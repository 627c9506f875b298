/**
 * Where the panel's links lead: to other capabilities by their commands, to files by Lab's own.
 */
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs, openRun, run } from '../commands';
import type { IStudio } from '../tokens';

/** Of the capability "pipelines": `{path}`. */
const ADD = 'studio:add-to-pipeline';

/** Leads to other places. */
export interface ILinks {
  review(submission: string): void;
  /** A run, by its identifier. */
  run(run: string): Promise<void>;
  pipeline(name: string): void;
  /** Make a notebook a step of a pipeline; null where that cannot be done here. */
  readonly add: ((path: string) => void) | null;
  /** A file, as Jupyter calls it. */
  file(path: string): void;
  /** How Jupyter calls a file of the workspace; null where Jupyter does not show it. */
  shown(subject: string): string | null;
}

/** Links by commands. */
export class Links implements ILinks {
  private readonly _commands: CommandRegistry;
  private readonly _studio: IStudio;

  constructor(commands: CommandRegistry, studio: IStudio) {
    this._commands = commands;
    this._studio = studio;
  }

  get add(): ((path: string) => void) | null {
    return this._commands.hasCommand(ADD) ? path => void run(this._commands, ADD, { path }) : null;
  }

  review(submission: string): void {
    run(this._commands, CommandIDs.openReview, { submission });
  }

  run(id: string): Promise<void> {
    return openRun(this._commands, this._studio.client, id);
  }

  pipeline(name: string): void {
    run(this._commands, CommandIDs.openPipeline, { pipeline: name });
  }

  file(path: string): void {
    run(this._commands, 'docmanager:open', { path });
  }

  shown(subject: string): string | null {
    const prefix = this._studio.session?.prefix ?? '';
    return subject.startsWith(prefix) ? subject.slice(prefix.length) : null;
  }
}
