/** How a job's state looks: a colour and an icon, never a colour alone. */
import {
  BadgeCheck,
  Ban,
  Check,
  CheckCheck,
  CircleCheckBig,
  CircleDashed,
  DoorClosed,
  type LucideIcon,
  MapPin,
  Navigation,
  Pause,
  Play,
  UserX,
} from 'lucide-react';
import type { JobStatus } from '../../wire';
import { useTexts } from '../i18n';
import css from './tones.module.css';

export type Tone =
  | 'unassigned'
  | 'held'
  | 'offered'
  | 'assigned'
  | 'en-route'
  | 'active'
  | 'paused'
  | 'completed'
  | 'cancelled'
  | 'risk'
  | 'late';

export const STATUS_TONE: Record<JobStatus, Tone> = {
  unassigned: 'unassigned',
  assigned: 'assigned',
  acknowledged: 'assigned',
  en_route: 'en-route',
  arrived: 'active',
  in_progress: 'active',
  paused: 'paused',
  completed: 'completed',
  verified: 'completed',
  cancelled: 'cancelled',
  no_access: 'cancelled',
  cleaner_no_show: 'late',
};

export const STATUS_ICON: Record<JobStatus, LucideIcon> = {
  unassigned: CircleDashed,
  assigned: Check,
  acknowledged: CheckCheck,
  en_route: Navigation,
  arrived: MapPin,
  in_progress: Play,
  paused: Pause,
  completed: CircleCheckBig,
  verified: BadgeCheck,
  cancelled: Ban,
  no_access: DoorClosed,
  cleaner_no_show: UserX,
};

export function StatusBadge({ status }: { status: JobStatus }) {
  const { t } = useTexts();
  const Icon = STATUS_ICON[status];
  return (
    <span className={css.badge} data-tone={STATUS_TONE[status]} data-status={status}>
      <Icon size={14} aria-hidden />
      {t.jobStatus[status]}
    </span>
  );
}
