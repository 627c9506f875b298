import { act, screen, within } from '@testing-library/react';

import { StudioFault } from '../fault';
import { faultsOf } from '../testing/accessible';
import { section, shown } from '../testing/notebookPanel';
import {
  aDataset,
  aFinding,
  anApproval,
  aNotebookState,
  anEvent,
  aTest
} from '../testing/notebooks';

describe('the panel', () => {
  it('says what it is for where no notebook is in front', async () => {
    const { following } = await shown();
    act(() => {
      following.model = null;
      following.modelChanged.emit();
    });
    expect(screen.getByText('No notebook is in front.')).toBeInTheDocument();
  });

  it('says what to do where there is no workspace', async () => {
    const { studio } = await shown();
    act(() => {
      studio.session = null;
      studio.fault = new StudioFault(404, {
        message: 'This is no workspace.',
        next: 'type: studio init'
      });
      studio.changed.emit();
    });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'This is no workspace.Next: type: studio init'
    );
  });

  it('says why a notebook cannot be read, and shows no section', async () => {
    await shown({ problem: 'The file is cut off. Next: restore it.' });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'The notebook cannot be read.The file is cut off.'
    );
    expect(screen.queryByText('Parameters')).toBeNull();
  });

  it('says why a notebook outside of the workspace is not known', async () => {
    const refuse = (): never => {
      throw new StudioFault(400, {
        message: 'It lies outside.',
        next: 'move it into the workspace.'
      });
    };
    await shown({}, { 'notebooks/state': refuse });
    expect(screen.getByRole('alert')).toHaveTextContent(
      'It lies outside.Next: move it into the workspace.'
    );
  });

  it('shows all sections, accessible', async () => {
    const { container } = await shown({
      findings: [aFinding()],
      tests: {
        cases: [aTest('test_a', { status: 'failed', message: 'no', detail: 'long' })],
        tested: null
      }
    });
    expect(screen.getByRole('heading', { name: 'Train the model' })).toBeInTheDocument();
    expect(screen.getAllByRole('heading', { level: 3 }).map(one => one.textContent)).toEqual([
      expect.stringContaining('Status'),
      expect.stringContaining('Parameters'),
      expect.stringContaining('Data'),
      expect.stringContaining('Checks'),
      expect.stringContaining('Tests')
    ]);
    expect(await faultsOf(container)).toEqual([]);
  });

  it('says that unsaved changes are not looked at, and saves them', async () => {
    const { notebook, user } = await shown();
    expect(screen.queryByText(/unsaved changes/)).toBeNull();
    act(() => void notebook.edit('c1', 'x = 1'));
    const said = screen.getByText(/unsaved changes/);
    await user.click(within(said).getByRole('button', { name: 'Save' }));
    expect(notebook.done).toEqual(['save']);
    expect(screen.queryByText(/unsaved changes/)).toBeNull();
  });

  it('keeps the other sections when the server could not tell about one', async () => {
    await shown({ problems: { datasets: 'pipelines/catalog.yml is no YAML.' } });
    expect(within(section('Data')).getByRole('alert')).toHaveTextContent('catalog.yml is no YAML');
    expect(within(section('Checks')).getByText('No problem was found.')).toBeInTheDocument();
  });

  it('keeps the other sections when one cannot be shown', async () => {
    const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await shown({ datasets: [aDataset({ up: null as never })] });
    log.mockRestore();
    expect(within(section('Data')).getByRole('alert')).toHaveTextContent('Data cannot be shown.');
    expect(within(section('Checks')).getByText('No problem was found.')).toBeInTheDocument();
  });

  it('folds a section away and shows its state in the heading', async () => {
    const { user } = await shown({ findings: [aFinding()] });
    const fold = screen.getByRole('button', { name: /^Checks/ });
    expect(fold).toHaveAttribute('aria-expanded', 'true');
    await user.click(fold);
    expect(fold).toHaveAttribute('aria-expanded', 'false');
    expect(fold).toHaveTextContent('1 finding');
    expect(screen.queryByText("The import of 'json' is never used.")).toBeNull();
  });
});

describe('the status', () => {
  it('names the cells that ended an approval, and leads to them', async () => {
    const approval = anApproval({
      status: 'lapsed',
      reasons: ['It changed since its approval by bob.'],
      changed_cells: ['c2', 'c1'],
      submission: '20260301-100000-abcdef'
    });
    const { notebook, links, user } = await shown({ state: approval });
    await user.click(within(section('Status')).getByRole('button', { name: 'Cell 2' }));
    expect(notebook.jumps).toEqual([{ id: 'c2', number: 2 }]);
    await user.click(screen.getByRole('button', { name: 'Open the latest review' }));
    expect(links.went).toEqual(['review 20260301-100000-abcdef']);
  });

  it.each([
    [
      anApproval({ status: 'approved', approvers: ['bob'], reasons: [] }),
      'Approved by bob, exactly as the file is now.'
    ],
    [
      anApproval({ status: 'invalid', reasons: ['The signature is wrong.'] }),
      'The signature is wrong.'
    ]
  ])('says what it is', async (approval, sentence) => {
    await shown({ state: approval });
    expect(within(section('Status')).getByText(sentence)).toBeInTheDocument();
  });

  it('shows a submission on its way, and its end', async () => {
    const { studio, user, submit } = await shown();
    studio.activities.events = [
      anEvent('step started', { step: 'train' }),
      anEvent('ended', {
        status: 'failed',
        text: 'Submitted, and cannot be approved: tests failed.'
      })
    ];
    await user.click(screen.getByRole('button', { name: 'Submit for review…' }));
    expect(submit).toHaveBeenCalled();
    const progress = await screen.findByRole('group', { name: 'Submission' });
    expect(progress).toHaveTextContent('Submitted, and cannot be approved: tests failed.');
    await user.click(within(progress).getByRole('button', { name: 'Dismiss' }));
    expect(screen.queryByRole('group', { name: 'Submission' })).toBeNull();
  });

  it('says why a submission was refused', async () => {
    const { studio, user } = await shown();
    studio.activities.start = async () => {
      throw new StudioFault(403, { message: 'carl may not submit.', next: 'ask for the role.' });
    };
    await user.click(screen.getByRole('button', { name: 'Submit for review…' }));
    expect(await within(section('Status')).findByRole('alert')).toHaveTextContent(
      'carl may not submit.'
    );
  });

  it('leads to the pipelines, or into one', async () => {
    const { links, user, studio, model } = await shown();
    await user.click(screen.getByRole('button', { name: 'Make it one' }));
    studio.client.answers['notebooks/state'] = aNotebookState({ pipelines: ['churn'] });
    await act(() => model.refresh());
    await user.click(screen.getByRole('button', { name: 'churn' }));
    expect(links.went).toEqual(['add notebooks/train.ipynb', 'pipeline churn']);
  });
});
