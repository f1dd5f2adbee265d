/** A tile that cannot be drawn says so, and leaves the others alone. */
import { Component, type ReactNode } from "react";

interface TileGuardProps {
  /** What is drawn: something else is tried again. */
  of: unknown;
  children: ReactNode;
}

interface State {
  of: unknown;
  error: Error | null;
}

export class TileGuard extends Component<TileGuardProps, State> {
  override state: State = { of: this.props.of, error: null };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps({ of }: TileGuardProps, state: State): State | null {
    return of === state.of ? null : { of, error: null };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <p className="dash-problem" role="alert">
        This tile cannot be drawn: {error.message}
      </p>
    );
  }
}
