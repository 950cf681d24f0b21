/** Sends commands and knows which are under way. */
import { useCallback, useState } from 'react';
import type { Outcome } from '../hub/outcome';
import type { CommandKind, CommandKinds } from '../wire';
import { useServices } from './services';

export interface Commands {
  readonly send: <K extends CommandKind>(kind: K, parameters: CommandKinds[K]) => Promise<Outcome>;
  /** What is being sent now, the latest last. */
  readonly pending: readonly { readonly kind: CommandKind; readonly parameters: object }[];
}

export function useCommands(): Commands {
  const { hub } = useServices();
  const [pending, setPending] = useState<Commands['pending']>([]);
  const send = useCallback(
    async <K extends CommandKind>(kind: K, parameters: CommandKinds[K]): Promise<Outcome> => {
      const entry = { kind, parameters };
      setPending((all) => [...all, entry]);
      try {
        return await hub.command(kind, parameters);
      } finally {
        setPending((all) => all.filter((other) => other !== entry));
      }
    },
    [hub],
  );
  return { send, pending };
}
