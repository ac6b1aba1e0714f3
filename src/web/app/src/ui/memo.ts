import { Component, createElement, type FunctionComponent } from 'preact';

/** Renders a component again only when one of its properties is another value. */
export function memo<TProps extends object>(inner: FunctionComponent<TProps>): FunctionComponent<TProps> {
  class Memo extends Component<TProps> {
    override shouldComponentUpdate(next: TProps): boolean {
      // A long run asks this of every step in every frame: nothing is allocated for it.
      for (const name in next) {
        if (this.props[name] !== next[name]) {
          return true;
        }
      }
      for (const name in this.props) {
        if (!(name in next)) {
          return true;
        }
      }
      return false;
    }

    override render() {
      return createElement(inner, this.props as TProps);
    }
  }
  // Preact takes either; only its types keep classes and functions apart.
  return Memo as unknown as FunctionComponent<TProps>;
}
