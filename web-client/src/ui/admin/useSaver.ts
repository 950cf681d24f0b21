/** Sends a form's command and remembers what became of it. */
import { useState } from 'react';
import type { Outcome } from '../../hub/outcome';
import { afterOutcome, IDLE, type Saving } from '../../state/admin/saving';
import { useServices } from '../../state/services';
import type { CommandKind, CommandKinds } from '../../wire';
import { explain } from '../objection';
import { useToast } from '../parts/Toasts';
import { useAdminTexts } from './texts';

export interface How {
  /** Over what a colleague saved meanwhile. */
  readonly version?: number;
  /** Although jobs lose their cleaner. */
  readonly force?: boolean;
}

export interface Saver {
  readonly saving: Saving;
  readonly busy: boolean;
  readonly save: (how?: How) => Promise<void>;
  /** What is wrong with a field, in words. */
  readonly faultOf: (field: string) => string | null;
  /** A field was found wrong before anything was sent. */
  readonly calm: () => void;
}

interface Plan<K extends CommandKind> {
  readonly kind: K;
  readonly parameters: (how: How) => CommandKinds[K];
  /** The field that is at fault where it exists already. */
  readonly taken?: string;
  readonly onSaved: (result: Readonly<Record<string, unknown>>) => void;
}

export function useSaver<K extends CommandKind>({ kind, parameters, taken, onSaved }: Plan<K>): Saver {
  const { hub } = useServices();
  const { a, t } = useAdminTexts();
  const toast = useToast();
  const [saving, setSaving] = useState<Saving>(IDLE);
  const save = async (how: How = {}) => {
    setSaving({ kind: 'sending' });
    const outcome: Outcome = await hub.command(kind, parameters(how));
    const next = afterOutcome(outcome, taken ?? null);
    setSaving(next ?? IDLE);
    if (outcome.outcome !== 'accepted') return;
    toast({ text: a.saved });
    onSaved(outcome.result);
  };
  const faultOf = (field: string) => {
    if (saving.kind !== 'objected' || saving.field !== field) return null;
    if (saving.objection.outcome === 'rejected') return explain(t, saving.objection);
    return (a.fieldFaults as Readonly<Record<string, string | undefined>>)[field] ?? a.fieldFault;
  };
  return { saving, busy: saving.kind === 'sending', save, faultOf, calm: () => setSaving(IDLE) };
}
