/** A job's next legal step as one big button, and the others small beneath it. */
import { useState } from 'react';
import type { Objection } from '../../hub/outcome';
import { useCommands } from '../../state/useCommand';
import { needsHold, stepsOf, type WorkCommand } from '../../state/work';
import type { AgendaJobRow } from '../../wire';
import { useTexts } from '../i18n';
import { codeOf, explain } from '../objection';
import { Button } from '../parts/Button';
import { HoldButton } from '../parts/HoldButton';
import { Failure } from '../parts/Notice';
import { Sheet } from '../parts/Sheet';
import css from './JobSteps.module.css';
import { type Desk, timeZoneOf } from './WorkScreen';

interface JobStepsProps {
  readonly job: AgendaJobRow;
  readonly desk: Desk;
  readonly prominence: 'large' | 'quiet';
}

export function JobSteps({ job, desk, prominence }: JobStepsProps) {
  const { t, format } = useTexts();
  const { send, pending } = useCommands();
  const [objection, setObjection] = useState<Objection | null>(null);
  const [withdrawing, setWithdrawing] = useState(false);
  const { next, others } = stepsOf(job.status);
  const sending = pending[0]?.kind ?? null;
  const take = async (command: WorkCommand) => {
    if (sending !== null) return;
    setObjection(null);
    const outcome = await send(command, { job: job.id });
    setWithdrawing(false);
    if (outcome.outcome !== 'accepted') setObjection(outcome);
  };
  if (next === null) return null;
  const mayWithdraw = others.includes('job.withdraw');
  const earliest =
    objection?.outcome === 'rejected' && objection.code === 'too_early' ? objection.details.earliest : null;
  return (
    <div className={css.steps}>
      {objection !== null && (
        <Failure
          title={explain(t, objection)}
          code={codeOf(objection)}
          {...(earliest === null
            ? {}
            : { hint: t.work.possibleFrom(format.time(earliest, timeZoneOf(desk.zones, job.zone))) })}
        />
      )}
      {job.lead ? (
        <>
          <Step command={next} main prominence={prominence} sending={sending} onTake={take} />
          {others
            .filter((command) => command !== 'job.withdraw')
            .map((command) => (
              <Step key={command} command={command} prominence={prominence} sending={sending} onTake={take} />
            ))}
        </>
      ) : (
        <p className={css.note}>
          {job.with[0] === undefined ? t.work.notLeadUnknown : t.work.notLead(job.with[0])}
        </p>
      )}
      {mayWithdraw && (
        <Button weight="quiet" onClick={() => setWithdrawing(true)} data-action="job.withdraw">
          {t.work.actions['job.withdraw']}
        </Button>
      )}
      {withdrawing && (
        <Sheet title={t.work.withdrawTitle} onClose={() => setWithdrawing(false)}>
          <p>{t.work.withdrawLead}</p>
          <Button
            weight="danger"
            size="large"
            busy={sending === 'job.withdraw'}
            onClick={() => void take('job.withdraw')}
          >
            {t.work.actions['job.withdraw']}
          </Button>
        </Sheet>
      )}
    </div>
  );
}

interface StepProps {
  readonly command: WorkCommand;
  readonly main?: boolean;
  readonly prominence: 'large' | 'quiet';
  readonly sending: string | null;
  readonly onTake: (command: WorkCommand) => Promise<void>;
}

function Step({ command, main = false, prominence, sending, onTake }: StepProps) {
  const { t } = useTexts();
  const label = t.work.actions[command];
  const busy = sending === command;
  if (needsHold(command)) {
    return (
      <HoldButton
        hint={busy ? t.work.saving : t.work.holdHint}
        weight={main ? 'primary' : 'danger'}
        busy={busy}
        name={command}
        onConfirm={() => void onTake(command)}
      >
        {label}
      </HoldButton>
    );
  }
  return (
    <Button
      weight={main && prominence === 'large' ? 'primary' : 'secondary'}
      size="large"
      busy={busy}
      data-action={command}
      onClick={() => void onTake(command)}
    >
      {label}
    </Button>
  );
}
