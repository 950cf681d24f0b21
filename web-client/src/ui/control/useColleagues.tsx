/**
 * Colleagues in the same zone: tells them what this dispatcher looks at and edits, and hands down what
 * they told. A lock is asked for while a job is being given to somebody, asked for again while that
 * lasts, and let go with it; whoever is taken over from is told so and does not fight for it.
 */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
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
  /** A form about a job is open here (`null`: no more), which is editing it. */
  readonly openForm: (job: string | null) => void;
  /** Something has just been written about what is looked at. */
  readonly wrote: () => void;
}

/** Colleagues are told of what lasts this long, and not of every job that is passed. */
const SETTLED_MS = 250;
/** Within the time that writing is forgotten in. */
const WROTE_MS = 3_000;
/** Well within the time that a lock lasts without a word. */
const RENEW_MS = 45_000;

const Context = createContext<Colleagues>({
  company: NOBODY,
  lockOn: () => ({ kind: 'free' }),
  takeOver: () => undefined,
  openForm: () => undefined,
  wrote: () => undefined,
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
  const [form, openForm] = useState<string | null>(null);
  // A job taken over is kept for as long as it is looked at.
  const wanted = editing ?? form ?? (kept === focus ? kept : null);
  const asked = wanted === lost ? null : wanted;

  const held = useRef<JobLock | null>(null);
  const inTurn = useTurns();

  const takeOver = async (job: string) => {
    const lock = lockIn(await inTurn(() => hub.tell('presence.lock', { zone, job, take_over: true })));
    if (lock?.holder !== me) return;
    held.current = lock;
    setLost(null);
    setKept(job);
  };
  const latest = useRef({ nameOf, takeOver, t, toast });
  latest.current = { nameOf, takeOver, t, toast };

  const wrote = useFocus(live, zone, focus);
  useEffect(() => {
    if (!live || asked === null) return;
    const request = { zone, job: asked };
    let over = false;
    const ask = async () => {
      const lock = lockIn(await inTurn(() => hub.tell('presence.lock', request)));
      if (over || lock === null) return;
      if (lock.holder === me) {
        held.current = lock;
        return;
      }
      const { nameOf, takeOver, t, toast } = latest.current;
      toast({
        text: t.control.presence.alreadyEditing(lock.name, nameOf(asked)),
        action: { label: t.control.presence.takeOver, run: () => void takeOver(asked) },
      });
    };
    void ask();
    const renewing = setInterval(() => void inTurn(() => hub.tell('presence.lock', request)), RENEW_MS);
    return () => {
      over = true;
      clearInterval(renewing);
      void inTurn(() => hub.tell('presence.unlock', request));
    };
  }, [hub, inTurn, live, zone, me, asked]);

  useEffect(() => {
    const told = wanted === null ? undefined : company.locks.get(wanted);
    if (told?.holder === me) held.current = told;
    if (held.current?.job !== wanted) held.current = null;
    const taken = takenOverBy(held.current, company, me);
    if (taken === null) return;
    held.current = null;
    const { nameOf, t, toast } = latest.current;
    setLost(taken.job);
    toast({ text: t.control.presence.takenOver(taken.name, nameOf(taken.job)) });
  }, [company, wanted, me]);
  useEffect(() => {
    if (wanted === null) setLost(null);
  }, [wanted]);

  // The same as long as nobody does anything else: every bar looks at it.
  return useMemo(
    () => ({
      company,
      lockOn: (job) => lockOn(company, job, me),
      takeOver: (job) => void latest.current.takeOver(job),
      openForm,
      wrote,
    }),
    [company, me, wrote],
  );
}

/** One after the other: of a lock and its end that are said at once, the end must not come first. */
function useTurns() {
  const last = useRef<Promise<unknown>>(Promise.resolve());
  return useCallback(<T,>(say: () => Promise<T>): Promise<T> => {
    const said = last.current.then(say, say);
    last.current = said;
    return said;
  }, []);
}

/** Tells what is looked at; hands back how to tell that something is being written about it. */
function useFocus(live: boolean, zone: string, focus: string | null): () => void {
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
  const last = useRef(Number.NEGATIVE_INFINITY);
  return useCallback(() => {
    if (!live || focus === null || performance.now() - last.current < WROTE_MS) return;
    last.current = performance.now();
    void hub.tell('presence.focus', { zone, job: focus, typing: true });
  }, [hub, live, zone, focus]);
}

/** Who has it now, as far as that was answered. */
function lockIn(outcome: Outcome | null): JobLock | null {
  if (outcome?.outcome !== 'accepted') return null;
  return (outcome.result.lock as JobLock | null | undefined) ?? null;
}

export function ColleaguesProvider({ value, children }: { value: Colleagues; children: ReactNode }) {
  return <Context value={value}>{children}</Context>;
}

/** For a form about a job, or `null` while it is closed: colleagues see that the job is being edited; and
 * with every call of what this hands back, that something is being written. */
export function useWriting(job: string | null): () => void {
  const { openForm, wrote } = useColleagues();
  useEffect(() => {
    if (job === null) return;
    openForm(job);
    return () => openForm(null);
  }, [openForm, job]);
  return wrote;
}

export function useColleagues(): Colleagues {
  return useContext(Context);
}
