/**
 * What all capabilities rest on: the session, the activities, the settings that are of all of them.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { StudioClient } from './client';
import { CommandIDs } from './commands';
import { INTERVAL, Studio } from './studio';
import { IStudio } from './tokens';
import { DOMAIN } from './translation';

/** The file `schema/plugin.json`. */
export const SETTINGS = '@notebook-studio/lab:plugin';

const studio: JupyterFrontEndPlugin<IStudio> = {
  id: SETTINGS,
  description: 'Who works here and what goes on: asked once, for all of Studio.',
  autoStart: true,
  provides: IStudio,
  optional: [ISettingRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): IStudio => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const one = new Studio(new StudioClient({ settings: app.serviceManager.serverSettings }));
    app.commands.addCommand(CommandIDs.refresh, {
      label: trans.__('Refresh Studio'),
      caption: trans.__('Ask the server anew for all that Studio shows'),
      execute: () => one.refresh()
    });
    palette?.addItem({ command: CommandIDs.refresh, category: trans.__('Studio') });
    void configured(one, settings);
    // Lab is drawn first.
    void app.started.then(() => one.begin());
    return one;
  }
};

/** Keep to the settings; without them, to the defaults. */
async function configured(one: Studio, registry: ISettingRegistry | null): Promise<void> {
  if (!registry) {
    return;
  }
  try {
    const settings = await registry.load(SETTINGS);
    const apply = (): void => {
      const seconds = settings.get('refreshInterval').composite as number;
      one.activities.idle = seconds > 0 ? 1000 * seconds : INTERVAL;
    };
    settings.changed.connect(apply);
    apply();
  } catch (reason) {
    console.warn('Studio: the settings cannot be read, so the defaults hold.', reason);
  }
}

export const plugins: JupyterFrontEndPlugin<any>[] = [studio];
