/** What stands in place of content: nothing there, not there yet, or why not. */
import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { ApiError, OfflineError } from "@canvasback/client/api/error";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface ProblemProps {
  error: Error;
  /** In place of what the error is called. */
  title?: string;
  onRetry?: () => void;
  retryLabel?: string;
}

export function Problem({ error, title, onRetry, retryLabel = "Try again" }: ProblemProps) {
  const offline = error instanceof OfflineError;
  const Icon = offline ? IconPlugConnectedX : IconAlertTriangle;
  return (
    <div className="problem" role="alert">
      <Icon size={18} stroke={1.7} aria-hidden />
      <div>
        <strong>
          {title ??
            (error instanceof ApiError ? (error.problem.title ?? "Request failed") : offline ? "Offline" : "Error")}
        </strong>
        <div className="problem-text" data-lines={error.message.includes("\n")}>
          {offline ? "Cannot reach the server. Retrying…" : error.message}
        </div>
      </div>
      {onRetry && (
        <>
          <span className="spacer" />
          <Button size="compact-xs" variant="default" onClick={onRetry}>
            {retryLabel}
          </Button>
        </>
      )}
    </div>
  );
}

export function Lines({ count = 6 }: { count?: number }) {
  return (
    <div role="status" aria-busy="true" aria-label="Loading">
      {Array.from({ length: count }, (_, i) => (
        <Skeleton key={i} height={14} mb={12} width={`${92 - ((i * 37) % 40)}%`} />
      ))}
    </div>
  );
}

/** A bar of progress; without a share it only says that something goes on. */
export function Bar({ share, label }: { share: number | null; label: string }) {
  const known = share !== null && share >= 0;
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(known ? { "aria-valuenow": Math.round(share * 100) } : {})}
      data-unknown={!known}
    >
      <div style={known ? { width: `${Math.min(100, share * 100)}%` } : undefined} />
    </div>
  );
}
