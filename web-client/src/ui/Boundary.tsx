/** The last resort: a screen that failed to load or to draw says so, and can be loaded again. */
import { Component, type ReactNode } from 'react';
import { useTexts } from './i18n';
import { Button } from './parts/Button';
import { Failure } from './parts/Notice';

interface State {
  readonly fault: string | null;
}

export class Boundary extends Component<{ children: ReactNode }, State> {
  override state: State = { fault: null };

  static getDerivedStateFromError(error: unknown): State {
    return { fault: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    return fault === null ? this.props.children : <Broken code={fault} />;
  }
}

function Broken({ code }: { code: string }) {
  const { t } = useTexts();
  return (
    <Failure title={t.common.broken} hint={t.common.brokenHint} code={code}>
      <Button size="small" onClick={() => window.location.reload()}>
        {t.common.reload}
      </Button>
    </Failure>
  );
}
