/** Signing in with e-mail and password; the role decides where one lands. The demo offers its people to
 * click on, and an installation that nobody can sign in to says how that is changed. */
import { type FormEvent, useEffect, useState } from 'react';
import { RestError } from '../../hub/rest';
import { areaOf, keepSession, requestGrant } from '../../hub/session';
import { useServices } from '../../state/services';
import type { DemoPerson, Installation, Role } from '../../wire';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Failure } from '../parts/Notice';
import { Preferences } from '../parts/Preferences';
import { useTitle } from '../useTitle';
import css from './SignInScreen.module.css';

const HOME: Record<Role, string> = {
  customer: '/',
  cleaner: '/work',
  dispatcher: '/control',
  manager: '/control',
  admin: '/admin',
  system: '/',
};

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'failed'; readonly why: 'wrong' | 'limited' | 'failed'; readonly code: string };

export default function SignInScreen() {
  const { t } = useTexts();
  const { rest } = useServices();
  useTitle(t.signIn.title);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [state, setState] = useState<State>({ kind: 'idle' });

  const installation = useInstallation();

  const enter = async (as: { email: string; password: string }) => {
    if (state.kind === 'sending') return;
    setState({ kind: 'sending' });
    try {
      const grant = await requestGrant(rest, as);
      keepSession(window.localStorage, areaOf(grant.user.role), grant);
      window.location.assign(HOME[grant.user.role]);
    } catch (error) {
      setState(failure(error));
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void enter({ email: email.trim(), password });
  };

  return (
    <div className={css.screen}>
      <main className={css.card}>
        <span className={css.brand}>
          <img src="/icon.svg" width={28} height={28} alt="" />
          {t.product}
        </span>
        <h1 className={css.title}>{t.signIn.title}</h1>
        <p className={css.lead}>{t.signIn.lead}</p>
        <form className={css.form} onSubmit={submit}>
          <Field
            label={t.signIn.email}
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={setEmail}
          />
          <Field
            label={t.signIn.password}
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={setPassword}
          />
          {state.kind === 'failed' && <Failure title={t.signIn[state.why]} code={state.code} />}
          <Button weight="primary" size="large" type="submit" busy={state.kind === 'sending'}>
            {t.signIn.submit}
          </Button>
        </form>
        {installation?.has_admin === false && (
          <div className={css.fresh}>
            <h2>{t.signIn.fresh}</h2>
            <p>{t.signIn.freshHint}</p>
            <code>dispatch-hub admin create --email you@example.org</code>
          </div>
        )}
        <p className={css.other}>
          {t.signIn.customerHint} <a href="/">{t.signIn.customerLink}</a>
        </p>
      </main>
      {installation?.demo != null && (
        <DemoPeople
          people={installation.demo.people}
          busy={state.kind === 'sending'}
          onChoose={(person) =>
            void enter({ email: person.email, password: installation.demo?.password ?? '' })
          }
        />
      )}
      <Preferences />
    </div>
  );
}

/** What is known before anybody is signed in; nothing where the server cannot be reached. */
function useInstallation(): Installation | null {
  const { rest } = useServices();
  const [installation, setInstallation] = useState<Installation | null>(null);
  useEffect(() => {
    let over = false;
    rest.get<Installation>('/api/v1/installation').then(
      (found) => !over && setInstallation(found),
      () => undefined,
    );
    return () => {
      over = true;
    };
  }, [rest]);
  return installation;
}

const ROLES: readonly Role[] = ['customer', 'cleaner', 'dispatcher', 'manager', 'admin'];

interface DemoProps {
  readonly people: readonly DemoPerson[];
  readonly busy: boolean;
  readonly onChoose: (person: DemoPerson) => void;
}

function DemoPeople({ people, busy, onChoose }: DemoProps) {
  const { t } = useTexts();
  const sorted = [...people].sort((one, other) => ROLES.indexOf(one.role) - ROLES.indexOf(other.role));
  return (
    <section className={css.demo} aria-labelledby="demo-people">
      <h2 id="demo-people">{t.signIn.demo}</h2>
      <p className={css.lead}>{t.signIn.demoHint}</p>
      <ul>
        {sorted.map((person) => (
          <li key={person.email}>
            <button type="button" disabled={busy} onClick={() => onChoose(person)}>
              <strong>{person.name}</strong>
              <span>{t.signIn.roles[person.role]}</span>
              <span className={css.sees}>{t.signIn.demoSees[person.role]}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function failure(error: unknown): State {
  const [status, code] = error instanceof RestError ? [error.status, error.code] : [0, 'unreachable'];
  if (status === 429) return { kind: 'failed', why: 'limited', code };
  if (status === 400 || status === 401 || status === 403) return { kind: 'failed', why: 'wrong', code };
  return { kind: 'failed', why: 'failed', code };
}
