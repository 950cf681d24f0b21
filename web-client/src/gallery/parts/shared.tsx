/** Parts that all screens use, in every state. */
import { CalendarDays, Plus } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import type { Link } from '../../hub/client';
import { useTexts } from '../../ui/i18n';
import { Button, type ButtonProps } from '../../ui/parts/Button';
import { Field } from '../../ui/parts/Field';
import { HoldButton } from '../../ui/parts/HoldButton';
import { Empty, Failure } from '../../ui/parts/Notice';
import { Preferences } from '../../ui/parts/Preferences';
import { Sheet } from '../../ui/parts/Sheet';
import { Skeleton } from '../../ui/parts/Skeleton';
import { SyncPill } from '../../ui/parts/SyncPill';
import { useToast } from '../../ui/parts/Toasts';
import { STATUS_TONE, StatusBadge, type Tone } from '../../ui/parts/tones';
import type { JobStatus } from '../../wire';
import css from '../GalleryPage.module.css';
import { Linked } from '../PartStage';
import type { Part } from './part';

const nothing = () => undefined;
const WEIGHTS = [
  'primary',
  'secondary',
  'quiet',
  'danger',
] as const satisfies readonly ButtonProps['weight'][];
const SIZES = ['small', 'normal', 'large'] as const satisfies readonly ButtonProps['size'][];
const MANNERS: readonly Pick<ButtonProps, 'busy' | 'disabled' | 'icon'>[] = [
  {},
  { icon: <Plus size={16} aria-hidden /> },
  { busy: true },
  { disabled: true },
];
export const STATUSES = Object.keys(STATUS_TONE) as JobStatus[];
const TONES: Record<Tone, true> = {
  unassigned: true,
  held: true,
  offered: true,
  assigned: true,
  'en-route': true,
  active: true,
  paused: true,
  completed: true,
  cancelled: true,
  risk: true,
  late: true,
};
const LINKS: Record<Link['kind'], Link> = {
  connecting: { kind: 'connecting' },
  live: { kind: 'live', rttMs: 24 },
  catching_up: { kind: 'catching_up' },
  reconnecting: { kind: 'reconnecting', since: Date.now() },
  offline: { kind: 'offline', since: Date.now() },
  stopped: { kind: 'stopped', code: 3503, reason: 'signed out' },
};

function Row({ children }: { children: ReactNode }) {
  return <div className={css.row}>{children}</div>;
}

function Buttons() {
  const { t } = useTexts();
  return SIZES.map((size) =>
    WEIGHTS.map((weight) => (
      <Row key={`${size} ${weight}`}>
        {MANNERS.map((manner) => (
          <Button key={Object.keys(manner)[0] ?? ''} size={size} weight={weight} {...manner}>
            {t.customer.cancelVisit}
          </Button>
        ))}
      </Row>
    )),
  );
}

function Fields() {
  const { t } = useTexts();
  const { name, phone, phoneHint, needPhone } = t.customer;
  return (
    <>
      <Field label={name} value="Maximiliane von Hohenfels-Berg" onChange={nothing} />
      <Field label={phone} hint={phoneHint} value="" onChange={nothing} />
      <Field label={phone} hint={phoneHint} fault={needPhone} value="12" onChange={nothing} />
      <Field label={name} value="Ada" disabled onChange={nothing} />
    </>
  );
}

function HoldButtons() {
  const { t } = useTexts();
  return (['primary', 'danger'] as const).map((weight) =>
    [false, true].map((busy) => (
      <Row key={`${weight} ${busy}`}>
        <HoldButton weight={weight} busy={busy} hint={t.common.holdToConfirm} onConfirm={nothing}>
          {t.work.did['job.complete']}
        </HoldButton>
      </Row>
    )),
  );
}

function Notices() {
  const { t } = useTexts();
  const { unreachable, unreachableHint, closedChannel } = t.common;
  return (
    <>
      <Empty
        title={t.customer.noServices}
        hint={t.customer.noServicesHint}
        icon={<CalendarDays aria-hidden />}
      >
        <Button weight="primary">{t.customer.title}</Button>
      </Empty>
      <Empty title={t.customer.noServices} />
      <Failure title={unreachable} hint={unreachableHint} code="unavailable" onRetry={nothing} />
      <Failure title={closedChannel} />
    </>
  );
}

function Pills() {
  return Object.values(LINKS).map((link) => (
    <Linked key={link.kind} link={link}>
      <Row>
        <SyncPill />
        <SyncPill compact />
      </Row>
    </Linked>
  ));
}

function Badges() {
  return (
    <Row>
      {STATUSES.map((status) => (
        <StatusBadge key={status} status={status} />
      ))}
    </Row>
  );
}

function Tones() {
  return (
    <Row>
      {(Object.keys(TONES) as Tone[]).map((tone) => (
        <span key={tone} className={css.tone} data-tone={tone}>
          {tone}
        </span>
      ))}
    </Row>
  );
}

function AllPreferences() {
  return (
    <Row>
      <Preferences />
      <Preferences withLabels />
    </Row>
  );
}

function OneSheet() {
  const { t } = useTexts();
  return (
    <Sheet title={t.customer.cancelTitle} onClose={nothing}>
      <p>{t.customer.cancelPolicy}</p>
      <Button weight="danger">{t.customer.cancelConfirm}</Button>
    </Sheet>
  );
}

const SHOW_AGAIN_MS = 6_000;

function SomeToasts() {
  const { t } = useTexts();
  const show = useToast();
  useEffect(() => {
    const all = () => {
      show({ text: t.control.assigned(t.common.job(1001), 'Hugo Maximilian van der Steenhoven') });
      show({ text: t.common.unreachable, tone: 'bad', code: 'unavailable' });
      show({
        text: t.control.unassignedDone(t.common.job(1001)),
        action: { label: t.control.undo, run: nothing },
      });
    };
    all();
    const timer = setInterval(all, SHOW_AGAIN_MS);
    return () => clearInterval(timer);
  }, [show, t]);
  return <p>{t.control.title}</p>;
}

export const SHARED: Readonly<Record<string, Part>> = {
  buttons: { Shown: Buttons },
  fields: { Shown: Fields },
  'hold buttons': { Shown: HoldButtons },
  notices: { Shown: Notices },
  'sync pills': { Shown: Pills },
  'status badges': { Shown: Badges },
  tones: { Shown: Tones },
  preferences: { Shown: AllPreferences },
  skeleton: { Shown: () => <Skeleton rows={3} height={48} /> },
  sheet: { Shown: OneSheet, framed: true },
  toasts: { Shown: SomeToasts, framed: true, shows: '[role=status] > div' },
};
