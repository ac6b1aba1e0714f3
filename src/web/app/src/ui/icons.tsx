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
  <Icon name="warning"><path d="M8 2.2 14.3 13.3H1.7Zm0 4.3v3.2m0 1.8v.1" /></Icon>
);

export const PauseIcon = () => <Icon name="pause"><path d="M5.5 4v8M10.5 4v8" /></Icon>;

export const SendIcon = () => <Icon name="send"><path d="M8 13V3.5M4 7.5l4-4 4 4" /></Icon>;

export const StopIcon = () => <Icon name="stop"><rect x="4.5" y="4.5" width="7" height="7" rx="1.2" /></Icon>;

export const DownIcon = () => <Icon name="down"><path d="M8 3v9.5M4 8.5l4 4 4-4" /></Icon>;

export const Spinner = () => <span class="spinner" aria-hidden="true" />;

export const SunIcon = () => (
  <Icon name="sun">
    <circle cx="8" cy="8" r="2.8" />
    <path d="M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />
  </Icon>
);

export const MoonIcon = () => <Icon name="moon"><path d="M13 9.7A5.5 5.5 0 0 1 6.3 3 5.5 5.5 0 1 0 13 9.7Z" /></Icon>;

export const SystemIcon = () => <Icon name="system"><path d="M2 3.5h12v7.5H2ZM5.5 13.5h5" /></Icon>;

export const PlusIcon = () => <Icon name="plus"><path d="M8 3v10M3 8h10" /></Icon>;

export const MenuIcon = () => <Icon name="menu"><path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" /></Icon>;
