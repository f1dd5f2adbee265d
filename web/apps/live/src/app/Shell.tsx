/** What surrounds every page: navigation, the state of the connection, the colour scheme. */
import { ActionIcon, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import {
  IconActivity,
  IconChartBar,
  IconDatabase,
  IconDownload,
  IconMoon,
  IconPlugConnected,
  IconPlugConnectedX,
  IconSql,
  IconStack2,
  IconSun,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";

import { call } from "@canvasback/client/api/client";
import { useJobs } from "../services/queries";
import { useConnectionStatus } from "../services/services";
import { DropFiles } from "./DropFiles";

const STATUS_WORDS = { idle: "Ready", connecting: "Connecting", open: "Connected", lost: "Connection lost" } as const;

function ColorSchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Switch to ${other} mode`} position="right">
      <ActionIcon aria-label={`Switch to ${other} mode`} onClick={() => setColorScheme(other)}>
        {scheme === "dark" ? <IconSun size={17} stroke={1.6} /> : <IconMoon size={17} stroke={1.6} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Lost() {
  return (
    <div className="banner" role="status">
      <IconPlugConnectedX size={16} stroke={1.8} aria-hidden />
      Connection lost. Reconnecting…
    </div>
  );
}

export function Shell() {
  const status = useConnectionStatus();
  const jobs = useJobs();
  const running = jobs.data?.jobs.filter((job) => job.state === "running" || job.state === "queued").length ?? 0;
  const health = useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => call("health", {}, signal),
    refetchInterval: 30_000,
  });
  const section = useRouterState({ select: ({ location }) => location.pathname.split("/")[1] });
  const away = status === "lost" || (health.failureCount > 0 && !health.isSuccess);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <nav className="nav" aria-label="Pages">
        <Link className="brand" to="/">
          <img src="/favicon.svg" width={22} height={22} alt="" />
          Canvasback
        </Link>
        <Link className="nav-link" to="/" data-active={section === "datasets" || undefined}>
          <IconDatabase size={17} stroke={1.6} aria-hidden /> Datasets
        </Link>
        <Link className="nav-link" to="/dashboards">
          <IconChartBar size={17} stroke={1.6} aria-hidden /> Dashboards
        </Link>
        <Link
          className="nav-link"
          to="/collections/$name"
          params={{ name: "all_records" }}
          // All collections are one entry; which of them stands in its page.
          data-active={section === "collections" || undefined}
        >
          <IconStack2 size={17} stroke={1.6} aria-hidden /> Collections
        </Link>
        <Link className="nav-link" to="/sql">
          <IconSql size={17} stroke={1.6} aria-hidden /> SQL
        </Link>
        <Link className="nav-link" to="/sources">
          <IconPlugConnected size={17} stroke={1.6} aria-hidden /> Sources
        </Link>
        <Link className="nav-link" to="/jobs">
          <IconDownload size={17} stroke={1.6} aria-hidden /> Jobs
          {running > 0 && <span className="nav-count">{running}</span>}
        </Link>
        <Link className="nav-link" to="/system">
          <IconActivity size={17} stroke={1.6} aria-hidden /> System
        </Link>
        <div className="nav-foot">
          <div className="row" title={health.data ? `Canvasback ${health.data.version}` : undefined}>
            <span
              className="dot"
              data-state={away ? "lost" : status === "idle" && health.isSuccess ? "open" : status}
            />
            {away ? STATUS_WORDS.lost : STATUS_WORDS[status]}
          </div>
          <div className="row scheme">
            <a href="/docs" className="dim">
              API reference
            </a>
            <span className="spacer" />
          </div>
          <ColorSchemeButton />
        </div>
      </nav>
      <main className="main" id="main" tabIndex={-1}>
        {away && <Lost />}
        <Outlet />
      </main>
      <DropFiles />
    </div>
  );
}
