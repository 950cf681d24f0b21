/**
 * Colleagues in the same zone: tells them what this dispatcher looks at and edits, and hands down what
 * they told. A lock is asked for while a job is being given to somebody, asked for again while that
 * lasts, and let go with it; whoever is taken over from is told so and does not fight for it.
 */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { Outcome } from '../../hub/outcome';
import { type Company, companyOf, type Lock, lockOn, NOBODY, takenOverBy } from '../../state/presence';
import { usePresenceView, useServices } from '../../state/services';
import type { JobLock } from '../../wire';
import { useTexts } from '../i18n';
import { useToast } from '../parts/Toasts';

export interface Colleagues {
  readonly company: Company;
  readonly lockOn: (job: string) => Lock;
  readonly takeOver: (job: string) => void;
}

/** Colleagues are told of what lasts this long, and not of every job that is passed. */
const SETTLED_MS = 250;
/** Well within the time that a lock lasts without a word. */
const RENEW_MS = 45_000;

const Context = createContext<Colleagues>({
  company: NOBODY,
  lockOn: () => ({ kind: 'free' }),
  takeOver: () => undefined,
});

interface Doing {
  readonly zone: string;
  readonly me: string;
  /** The job that is looked at. */
  readonly focus: string | null;
  /** The job that is being changed. */
  readonly editing: string | null;
  readonly nameOf: (job: string) => string;
}

export function useTellColleagues({ zone, me, focus, editing, nameOf }: Doing): Colleagues {
  const { t } = useTexts();
  const { hub } = useServices();
  const toast = useToast();
  const { row, live } = usePresenceView(zone);
  const company = useMemo(() => companyOf(row, me), [row, me]);
  const [kept, setKept] = useState<string | null>(null);
  const [lost, setLost] = useState<string | null>(null);
  const wanted = editing ?? (kept === focus ? kept : null);
  const asked = wanted === lost ? null : wanted;

  const takeOver = (job: string) => {
    setLost(null);
    setKept(job);
    void hub.tell('presence.lock', { zone, job, take_over: true });
  };
  const latest = useRef({ nameOf, takeOver, t, toast });
  latest.current = { nameOf, takeOver, t, toast };

  useFocus(live, zone, focus);
  useEffect(() => {
    if (!live || asked === null) return;
    const ask = async () => {
      const held = heldBy(await hub.tell('presence.lock', { zone, job: asked }), me);
      if (held === null) return;
      const { nameOf, takeOver, t, toast } = latest.current;
      toast({
        text: t.control.presence.alreadyEditing(held.name, nameOf(asked)),
        action: { label: t.control.presence.takeOver, run: () => takeOver(asked) },
      });
    };
    void ask();
    const renewing = setInterval(() => void hub.tell('presence.lock', { zone, job: asked }), RENEW_MS);
    return () => {
      clearInterval(renewing);
      void hub.tell('presence.unlock', { zone, job: asked });
    };
  }, [hub, live, zone, me, asked]);

  const before = useRef(company);
  useEffect(() => {
    const taken = wanted === null ? null : takenOverBy(before.current, company, wanted, me);
    before.current = company;
    if (taken === null) return;
    const { nameOf, t, toast } = latest.current;
    setLost(taken.job);
    toast({ text: t.control.presence.takenOver(taken.name, nameOf(taken.job)) });
  }, [company, wanted, me]);
  useEffect(() => {
    if (wanted === null) setLost(null);
  }, [wanted]);

  return { company, lockOn: (job) => lockOn(company, job, me), takeOver };
}

function useFocus(live: boolean, zone: string, focus: string | null): void {
  const { hub } = useServices();
  const told = useRef<string | null>(null);
  useEffect(() => {
    // A new connection has told nothing yet.
    if (!live) told.current = null;
    if (!live || focus === told.current) return;
    const timer = setTimeout(() => {
      told.current = focus;
      void hub.tell('presence.focus', { zone, job: focus });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [hub, live, zone, focus]);
}

/** Who has it, where it is not this dispatcher. */
function heldBy(outcome: Outcome | null, me: string): JobLock | null {
  if (outcome?.outcome !== 'accepted') return null;
  const lock = outcome.result.lock as JobLock | null | undefined;
  return lock === null || lock === undefined || lock.holder === me ? null : lock;
}

export function ColleaguesProvider({ value, children }: { value: Colleagues; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

export function useColleagues(): Colleagues {
  return useContext(Context);
}
