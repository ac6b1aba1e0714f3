import { Component, createElement, type FunctionComponent } from 'preact';

/** Renders a component again only when one of its properties is another value. */
export function memo<TProps extends object>(inner: FunctionComponent<TProps>): FunctionComponent<TProps> {
  class Memo extends Component<TProps> {
    override shouldComponentUpdate(next: TProps): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof TProps)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render() {
      return createElement(inner, this.props as TProps);
    }
  }
  // Preact takes either; only its types keep classes and functions apart.
  return Memo as unknown as FunctionComponent<TProps>;
}
