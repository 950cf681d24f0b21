/** Signing in with e-mail and password; the role decides where one lands. */
import { type FormEvent, useState } from 'react';
import { RestError } from '../../hub/rest';
import { type Area, areaOf, keepSession, requestGrant } from '../../hub/session';
import { useServices } from '../../state/services';
import { useTexts } from '../i18n';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Failure } from '../parts/Notice';
import { Preferences } from '../parts/Preferences';
import { useTitle } from '../useTitle';
import css from './SignInScreen.module.css';

const HOME: Record<Area, string> = { customer: '/', cleaner: '/work', staff: '/control' };

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

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (state.kind === 'sending') return;
    setState({ kind: 'sending' });
    try {
      const grant = await requestGrant(rest, { email: email.trim(), password });
      const area = areaOf(grant.user.role);
      keepSession(window.localStorage, area, grant);
      window.location.assign(HOME[area]);
    } catch (error) {
      setState(failure(error));
    }
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
        <p className={css.other}>
          {t.signIn.customerHint} <a href="/">{t.signIn.customerLink}</a>
        </p>
      </main>
      <Preferences />
    </div>
  );
}

function failure(error: unknown): State {
  const [status, code] = error instanceof RestError ? [error.status, error.code] : [0, 'unreachable'];
  if (status === 429) return { kind: 'failed', why: 'limited', code };
  if (status === 400 || status === 401 || status === 403) return { kind: 'failed', why: 'wrong', code };
  return { kind: 'failed', why: 'failed', code };
}
