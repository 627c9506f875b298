/**
 * A part that fails shows why, and takes nothing else with it.
 */
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Fault } from './fault';

export interface IErrorBoundaryProps {
  trans: TranslationBundle;
  /** What the part is called. */
  title: string;
  children: React.ReactNode;
  /** A failed part is tried again by itself when this changes. */
  subject?: unknown;
}

interface IErrorBoundaryState {
  failed: boolean;
  reason: unknown;
  subject: unknown;
}

/** Shows its children, or why they could not be shown and a button that tries again. */
export class ErrorBoundary extends React.Component<IErrorBoundaryProps, IErrorBoundaryState> {
  override state: IErrorBoundaryState = {
    failed: false,
    reason: null,
    subject: this.props.subject
  };

  static getDerivedStateFromError(reason: unknown): Partial<IErrorBoundaryState> {
    return { failed: true, reason };
  }

  static getDerivedStateFromProps(
    props: IErrorBoundaryProps,
    state: IErrorBoundaryState
  ): Partial<IErrorBoundaryState> | null {
    return props.subject === state.subject
      ? null
      : { failed: false, reason: null, subject: props.subject };
  }

  override componentDidCatch(reason: unknown, info: React.ErrorInfo): void {
    // For who mends it; the person in front reads the sentence.
    console.error(`Studio: ${this.props.title} failed.`, reason, info.componentStack);
  }

  override render(): React.ReactNode {
    const { trans, title, children } = this.props;
    if (!this.state.failed) {
      return children;
    }
    return (
      <Fault
        fault={this.state.reason}
        trans={trans}
        title={trans.__('%1 cannot be shown.', title)}
        again={() => this.setState({ failed: false, reason: null })}
      />
    );
  }
}
