/** A button and what it opens beside it: closes by Escape, by a click elsewhere, and when the focus leaves. */
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

const EDGE_PX = 8;

interface PopupProps {
  /** Of what opens, and of the button where that is an icon. */
  label: string;
  button: ReactNode;
  isIcon?: boolean;
  isOn?: boolean;
  align?: "left" | "right";
  children(close: () => void): ReactNode;
}

export function Popup({ label, button, isIcon, isOn, align = "left", children }: PopupProps) {
  const [isOpen, setIsOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = (): void => {
    setIsOpen(false);
    opener.current?.focus();
  };
  // Beside its button, but never beyond the window.
  useLayoutEffect(() => {
    const element = panel.current;
    if (!isOpen || !element) return;
    const { left, right } = element.getBoundingClientRect();
    const beyond = Math.max(0, right + EDGE_PX - document.documentElement.clientWidth);
    const shift = left < EDGE_PX ? EDGE_PX - left : -Math.min(beyond, Math.max(0, left - EDGE_PX));
    if (shift !== 0) element.style.transform = `translateX(${shift}px)`;
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    const focusable = 'input, select, button:not([disabled]), [tabindex="0"]';
    panel.current?.querySelector<HTMLElement>(focusable)?.focus();
    const onPointer = (event: PointerEvent): void => {
      if (!host.current?.contains(event.target as Node)) setIsOpen(false);
    };
    document.addEventListener("pointerdown", onPointer);
    return () => document.removeEventListener("pointerdown", onPointer);
  }, [isOpen]);
  return (
    <div
      className="dash-popup"
      ref={host}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.stopPropagation();
        close();
      }}
      onBlur={(event) => {
        const to = event.relatedTarget;
        if (to instanceof Node && !host.current?.contains(to)) setIsOpen(false);
      }}
    >
      <button
        ref={opener}
        type="button"
        className={isIcon ? "dash-icon" : "dash-button"}
        data-on={isOn || undefined}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        {...(isIcon ? { "aria-label": label, title: label } : {})}
        onClick={() => setIsOpen(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        <div id={id} ref={panel} className="dash-panel" data-align={align} role="dialog" aria-label={label}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
