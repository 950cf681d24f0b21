/** Commands about one job, said from its inspector: which one is under way, and what came of it. */
import { useState } from 'react';
import { useServices } from '../../../state/services';
import type { CommandKind, CommandKinds, JobRow } from '../../../wire';
import { useTexts } from '../../i18n';
import { codeOf, explain } from '../../objection';
import { useToast } from '../../parts/Toasts';

export interface Deed {
  readonly busy: CommandKind | null;
  /** Whether it was accepted; otherwise the cause has been told. */
  readonly run: <K extends CommandKind>(kind: K, parameters: CommandKinds[K]) => Promise<boolean>;
}

export function useDeed(job: JobRow): Deed {
  const { t } = useTexts();
  const { hub } = useServices();
  const toast = useToast();
  const [busy, setBusy] = useState<CommandKind | null>(null);
  const run = async <K extends CommandKind>(kind: K, parameters: CommandKinds[K]): Promise<boolean> => {
    setBusy(kind);
    const outcome = await hub.command(kind, parameters);
    setBusy(null);
    if (outcome.outcome === 'accepted') return true;
    toast({
      text: t.control.failed(t.common.job(job.number), explain(t, outcome)),
      tone: 'bad',
      code: codeOf(outcome),
    });
    return false;
  };
  return { busy, run };
}
