/**
 * Reviews in the main area: the list of what waits, one submission with its evidence, and the decision.
 */
import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs, openRun, run } from '../commands';
import { IStudio } from '../tokens';
import { DOMAIN } from '../translation';
import type { IDoors, IReview } from './facts';
import { reviewsOf } from './server';
import { packetFrame, packetId, ReviewPanel, ReviewsPanel } from './widget';

const OPEN_REVIEWS = 'studio:open-reviews';

const review: JupyterFrontEndPlugin<void> = {
  id: '@notebook-studio/lab:review',
  description: 'Reviews in the main area: what changed, its evidence, comments and the decision.',
  autoStart: true,
  requires: [IStudio],
  optional: [ITranslator, IEditorServices, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    studio: IStudio,
    translator: ITranslator | null,
    editors: IEditorServices | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const reviews = reviewsOf(studio.client);
    const tracker = new WidgetTracker<ReviewPanel>({ namespace: 'studio-review' });
    const lists = new WidgetTracker<ReviewsPanel>({ namespace: 'studio-reviews' });

    const doors: IDoors = {
      notebook: path => {
        if (!run(commands, CommandIDs.openNotebook, { path })) {
          void commands.execute('docmanager:open', { path });
        }
      },
      run: id => openRun(commands, studio.client, id),
      page: found => openPage(found)
    };

    const openPage = (found: IReview): void => {
      const id = packetId(found);
      if (!Array.from(shell.widgets('main')).some(widget => widget.id === id)) {
        const address = `reviews/page?submission=${encodeURIComponent(found.submission)}`;
        shell.add(packetFrame(studio.client.url(address), found, trans), 'main');
      }
      shell.activateById(id);
    };

    commands.addCommand(CommandIDs.openReview, {
      label: args =>
        args['submission']
          ? trans.__('Open Review of %1', String(args['submission']))
          : trans.__('Open Review'),
      execute: async args => {
        const submission = String(args['submission'] ?? '');
        if (!submission) {
          return commands.execute(OPEN_REVIEWS);
        }
        let widget = tracker.find(one => [one.asked, one.submission].includes(submission));
        if (!widget) {
          const opened = new ReviewPanel({
            submission,
            reviews,
            doors,
            trans,
            studio,
            view: async difference => {
              const { differenceView } = await import('./diffing');
              const factory = editors?.factoryService.newInlineEditor;
              return differenceView(difference, factory, translator ?? undefined);
            },
            changed: () => studio.refresh()
          });
          opened.read.connect(() => {
            void tracker.save(opened);
            // A subject's latest submission may be open already under its identifier.
            const other = tracker.find(
              one => one !== opened && one.submission === opened.submission
            );
            if (other && !opened.isDisposed) {
              shell.activateById(other.id);
              window.setTimeout(() => opened.dispose());
            }
          });
          shell.add(opened, 'main');
          await tracker.add(opened);
          widget = opened;
        }
        shell.activateById(widget.id);
        return widget;
      }
    });

    commands.addCommand(OPEN_REVIEWS, {
      label: trans.__('Reviews'),
      caption: trans.__('Submissions that wait for a decision, and all earlier ones'),
      execute: async () => {
        let widget = lists.find(() => true);
        if (!widget) {
          widget = new ReviewsPanel({
            reviews,
            trans,
            studio,
            open: submission => void commands.execute(CommandIDs.openReview, { submission })
          });
          shell.add(widget, 'main');
          await lists.add(widget);
        }
        shell.activateById(widget.id);
        return widget;
      }
    });

    palette?.addItem({ command: OPEN_REVIEWS, category: trans.__('Studio') });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openReview,
        args: widget => ({ submission: widget.submission }),
        name: widget => widget.submission
      });
      void restorer.restore(lists, { command: OPEN_REVIEWS, name: () => 'all' });
    }
  }
};

export const plugins: JupyterFrontEndPlugin<any>[] = [review];
