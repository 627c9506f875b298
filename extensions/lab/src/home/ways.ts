/**
 * Where the rows of Home lead to, as an interface, so that tests see what was asked for.
 */
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs, openRun, run as execute } from '../commands';
import type { IStudio } from '../tokens';

export interface IWays {
  review(submission: string): void;
  reviews(): void;
  /** A run at its pipeline's graph; asks for the pipeline where it is not known. */
  run(run: string, pipeline?: string): void;
  runs(): void;
  pipeline(name: string): void;
  notebook(path: string): void;
  ledger(): void;
  mlflow(): void;
}

/** The capability `review` has it. */
const OPEN_REVIEWS = 'studio:open-reviews';

/** The same by Lab's commands; what nobody provides leads nowhere. */
export function waysIn(commands: CommandRegistry, studio: IStudio): IWays {
  return {
    review: submission => void execute(commands, CommandIDs.openReview, { submission }),
    reviews: () => void execute(commands, OPEN_REVIEWS),
    run: (run, pipeline) => {
      if (pipeline) {
        execute(commands, CommandIDs.openPipeline, { pipeline, run });
      } else {
        openRun(commands, studio.client, run).catch(
          () => void execute(commands, CommandIDs.openRuns) // its record is gone
        );
      }
    },
    runs: () => void execute(commands, CommandIDs.openRuns),
    pipeline: pipeline => void execute(commands, CommandIDs.openPipeline, { pipeline }),
    notebook: path => void execute(commands, CommandIDs.openNotebook, { path }),
    ledger: () => void execute(commands, CommandIDs.openLedger),
    mlflow: () => void execute(commands, CommandIDs.openMlflow)
  };
}
