import type { ComponentChildren } from 'preact';

interface Props {
  readonly name: string;
  readonly children: ComponentChildren;
}

function Icon({ name, children }: Props) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const CheckIcon = () => <Icon name="check"><path d="m3.5 8.5 3 3 6-7" /></Icon>;

export const CrossIcon = () => <Icon name="cross"><path d="m4.5 4.5 7 7m0-7-7 7" /></Icon>;

export const CloseIcon = () => <Icon name="close"><path d="m4.5 4.5 7 7m0-7-7 7" /></Icon>;

export const DashIcon = () => <Icon name="dash"><path d="M4 8h8" /></Icon>;

export const WarningIcon = () => (
  <Icon name="warning"><path d="M8 2.2 14.3 13.300H1.700Zm0 4.300v3.200m0 1.800v.1" /></Icon>
);

export const PauseIcon = () => <Icon name="pause"><path d="M5.500 4v8M10.500 4v8" /></Icon>;

export const SendIcon = () => <Icon name="send"><path d="M8 13V3.500M4 7.500l4-4 4 4" /></Icon>;

export const StopIcon = () => <Icon name="stop"><rect x="4.5" y="4.5" width="7" height="7" rx="1.2" /></Icon>;

export const DownIcon = () => <Icon name="down"><path d="M8 3v9.500M4 8.500l4 4 4-4" /></Icon>;

export const Spinner = () => <span class="spinner" aria-hidden="true" />;
