import type { ComponentChildren, RefObject } from 'preact';
import { CloseIcon } from './icons';

interface Props {
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** What stands beside the page where there is room, in front of it where there is not. The browser keeps the focus in it. */
export function Drawer({ dialog, label, onClose, children }: Props) {
  return (
    <dialog
      ref={dialog}
      class="drawer"
      aria-label={label}
      // A click beside it is one on the dialog itself.
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div class="drawer-content">
        <button type="button" class="icon-button drawer-close" aria-label="Close" onClick={onClose}><CloseIcon /></button>
        {children}
      </div>
    </dialog>
  );
}
