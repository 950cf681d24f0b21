/** The cleaner's app: everything in one bundle, so that no part of it is missing without a network. */
import { useEffect } from 'react';
import type { AppVersion } from '../../pwa/registration';
import { type Device, HandsetProvider, useSharedSignIn } from '../../state/handset';
import { type Services, useObservable, useUser } from '../../state/services';
import { useTexts } from '../i18n';
import type { Said } from '../i18n/load';
import { Shell } from '../Shell';
import SignInScreen from '../sign-in/SignInScreen';
import { UpdateOffer } from './UpdateOffer';
import WorkScreen from './WorkScreen';

interface WorkAppProps {
  readonly services: Services;
  readonly said: Said;
  readonly version: AppVersion;
  readonly device: Device;
}

export function WorkApp({ services, said, version, device }: WorkAppProps) {
  return (
    <Shell services={services} said={said}>
      <Manifest />
      <Screen device={device} />
      <Offered version={version} />
    </Shell>
  );
}

/** Signing in happens here and not on the page of its own, which lies outside of the installed app. */
function Screen({ device }: { device: Device }) {
  const user = useUser();
  useSharedSignIn(device, user?.id ?? null);
  if (user === null) return <SignInScreen />;
  return (
    <HandsetProvider key={user.id} account={user.id} device={device}>
      <WorkScreen userId={user.id} />
    </HandsetProvider>
  );
}

function Offered({ version }: { version: AppVersion }) {
  const update = useObservable(version.update);
  return update === null ? null : <UpdateOffer onTake={() => update.take()} />;
}

/** What an installed app is called depends on the language in which it is installed. */
function Manifest() {
  const { language } = useTexts();
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]');
    const name = language === 'en' ? 'manifest.webmanifest' : `manifest.${language}.webmanifest`;
    link?.setAttribute('href', `/work/${name}`);
  }, [language]);
  return null;
}
