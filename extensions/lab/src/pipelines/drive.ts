/**
 * Executed notebooks as files that can be read and not written: what once ran stays as it ran.
 *
 * They lie in a hidden folder of the workspace, so the server hands them out one by one.
 */
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { Contents, ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal, type ISignal } from '@lumino/signaling';

import { StudioFault } from '../fault';
import type { IStudioClient } from '../tokens';

/** What stands before the colon in their paths; the server writes it, too. */
export const DRIVE = 'studio-run';

/** The drive `studio-run:RUN/STEP.ipynb`. */
export class ExecutedDrive implements Contents.IDrive {
  readonly name = DRIVE;

  constructor(
    private _client: Pick<IStudioClient, 'get'>,
    readonly serverSettings: ServerConnection.ISettings,
    private _trans: TranslationBundle
  ) {}

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  /** The notebook; its folder is shown empty, for nobody looks for executed notebooks there. */
  async get(localPath: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const [run, ...rest] = localPath.split('/');
    const step = rest.join('/').replace(/\.ipynb$/, '');
    if (!step) {
      return {
        ...MODEL,
        type: 'directory',
        name: run,
        path: localPath,
        mimetype: '',
        content: [],
        format: 'json'
      };
    }
    const { content, name, modified } = await this._client.get('runs/document', { run, step });
    return {
      ...MODEL,
      name,
      path: localPath,
      created: modified,
      last_modified: modified,
      content: options?.content === false ? null : content
    };
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  getDownloadUrl(): Promise<string> {
    return this._refuse();
  }

  newUntitled(): Promise<Contents.IModel> {
    return this._refuse();
  }

  delete(): Promise<void> {
    return this._refuse();
  }

  rename(): Promise<Contents.IModel> {
    return this._refuse();
  }

  save(): Promise<Contents.IModel> {
    return this._refuse();
  }

  copy(): Promise<Contents.IModel> {
    return this._refuse();
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return this._refuse();
  }

  restoreCheckpoint(): Promise<void> {
    return this._refuse();
  }

  deleteCheckpoint(): Promise<void> {
    return this._refuse();
  }

  private async _refuse(): Promise<never> {
    throw new StudioFault(0, {
      message: this._trans.__('An executed notebook stays as it ran.'),
      next: this._trans.__('change the notebook that the pipeline names.')
    });
  }

  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
  private _disposed = false;
}

const MODEL: Contents.IModel = {
  name: '',
  path: '',
  type: 'notebook',
  writable: false,
  created: '',
  last_modified: '',
  mimetype: '',
  content: null,
  format: 'json'
};

/** Reading what once ran needs no kernel: none is started, and none is asked for. */
export function withoutKernels(notebooks: INotebookTracker): void {
  notebooks.widgetAdded.connect((_, panel) => {
    if (panel.context.path.startsWith(`${DRIVE}:`)) {
      const { sessionContext } = panel.context;
      sessionContext.kernelPreference = {
        ...sessionContext.kernelPreference,
        autoStartDefault: false,
        canStart: false,
        shouldStart: false
      };
      // A session that becomes ready without a kernel makes ipywidgets throw; this one never has to.
      sessionContext.initialize = async () => false;
    }
  });
}
