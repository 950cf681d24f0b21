/**
 * A job's next legal step as one big button, and the others small beneath it. A step counts as soon as it is
 * taken: it is written down here and sent when it can be.
 */
import { useEffect, useState } from 'react';
import type { StepKind } from '../../hub/outbox';
import { about } from '../../state/foresight';
import { useHandset } from '../../state/handset';
import { needsHold, stepsOf, type WorkCommand } from '../../state/work';
import type { AgendaJobRow } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { HoldButton } from '../parts/HoldButton';
import { Sheet } from '../parts/Sheet';
import { Actions } from './Actions';
import css from './JobSteps.module.css';
import { type Desk, timeZoneOf } from './WorkScreen';

/** The next step stands where the last one was: a second tap does not take it, unless it has to be held. */
const REST_MS = 700;

interface JobStepsProps {
  readonly job: AgendaJobRow;
  readonly desk: Desk;
  readonly prominence: 'large' | 'quiet';
}

export function JobSteps({ job, desk, prominence }: JobStepsProps) {
  const { t } = useTexts();
  const { courier } = useHandset();
  const [withdrawing, setWithdrawing] = useState(false);
  const [resting, rest] = useRest();
  const { next, others } = stepsOf(job.status);
  const take = (kind: StepKind) => {
    rest();
    void courier.add({ kind, parameters: { job: job.id } }, job.number);
  };
  const withdraw = () => {
    setWithdrawing(false);
    void courier.add({ kind: 'job.withdraw', parameters: { job: job.id } }, job.number);
  };
  const told = <Actions entries={about(desk.outbox, job.id)} timeZone={timeZoneOf(desk.zones, job.zone)} />;
  if (next === null) return told;
  const steps = [next, ...others].filter(isStepOfJob);
  return (
    <div className={css.steps}>
      {job.lead ? (
        steps.map((kind) => (
          <Step
            key={kind}
            kind={kind}
            main={kind === next}
            prominence={prominence}
            resting={resting}
            onTake={take}
          />
        ))
      ) : (
        <p className={css.note}>
          {job.with[0] === undefined ? t.work.notLeadUnknown : t.work.notLead(job.with[0])}
        </p>
      )}
      {told}
      {others.includes('job.withdraw') && (
        <Button weight="quiet" size="large" onClick={() => setWithdrawing(true)} data-action="job.withdraw">
          {t.work.actions['job.withdraw']}
        </Button>
      )}
      {withdrawing && (
        <Sheet title={t.work.withdrawTitle} onClose={() => setWithdrawing(false)}>
          <p>{t.work.withdrawLead}</p>
          <Button weight="danger" size="large" onClick={withdraw}>
            {t.work.actions['job.withdraw']}
          </Button>
        </Sheet>
      )}
    </div>
  );
}

function isStepOfJob(command: WorkCommand): command is StepKind {
  return command !== 'job.withdraw';
}

/** True for a moment after it was called. */
function useRest(): readonly [boolean, () => void] {
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => {
    if (since === null) return;
    const timer = setTimeout(() => setSince(null), REST_MS);
    return () => clearTimeout(timer);
  }, [since]);
  return [since !== null, () => setSince(performance.now())];
}

interface StepProps {
  readonly kind: StepKind;
  readonly main: boolean;
  readonly prominence: 'large' | 'quiet';
  readonly resting: boolean;
  readonly onTake: (kind: StepKind) => void;
}

function Step({ kind, main, prominence, resting, onTake }: StepProps) {
  const { t } = useTexts();
  const label = t.work.actions[kind];
  if (needsHold(kind)) {
    return (
      <HoldButton
        hint={t.work.holdHint}
        weight={main ? 'primary' : 'danger'}
        name={kind}
        onConfirm={() => onTake(kind)}
      >
        {label}
      </HoldButton>
    );
  }
  return (
    <Button
      weight={main && prominence === 'large' ? 'primary' : 'secondary'}
      size="large"
      busy={resting}
      data-action={kind}
      onClick={() => {
        if (!resting) onTake(kind);
      }}
    >
      {label}
    </Button>
  );
}
