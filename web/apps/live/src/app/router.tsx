/** Addresses of the app. Search parameters are plain text, so that an address can be read and written by hand. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { patient } from "../services/loading";
import type { DashboardSearch, DatasetSearch } from "../state/addresses";
import type { SqlSearch } from "../sql/link";
import { DatasetsPage } from "../pages/DatasetsPage";
import { Shell } from "./Shell";
import { Empty, Problem } from "../ui/states";

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Empty title="Page not found">
      <p>This address does not match any page. Choose one in the navigation.</p>
    </Empty>
  ),
  errorComponent: ({ error, reset }) => (
    <div className="page">
      <Problem error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    </div>
  ),
});

const textOnly = <T extends object>(search: Record<string, unknown>): T =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => typeof value === "string")) as T;

const datasets = createRoute({ getParentRoute: () => root, path: "/", component: DatasetsPage });

const dataset = createRoute({
  getParentRoute: () => root,
  path: "/datasets/$name",
  validateSearch: textOnly<DatasetSearch>,
  component: lazyRouteComponent(
    patient(() => import("../pages/DatasetPage")),
    "DatasetPage",
  ),
});

const dashboards = createRoute({
  getParentRoute: () => root,
  path: "/dashboards",
  component: lazyRouteComponent(
    patient(() => import("../pages/DashboardsPage")),
    "DashboardsPage",
  ),
});

const dashboard = createRoute({
  getParentRoute: () => root,
  path: "/dashboards/$name",
  validateSearch: textOnly<DashboardSearch>,
  component: lazyRouteComponent(
    patient(() => import("../pages/DashboardPage")),
    "DashboardPage",
  ),
});

const sql = createRoute({
  getParentRoute: () => root,
  path: "/sql",
  validateSearch: textOnly<SqlSearch>,
  component: lazyRouteComponent(
    patient(() => import("../pages/SqlPage")),
    "SqlPage",
  ),
});

const collection = createRoute({
  getParentRoute: () => root,
  path: "/collections/$name",
  validateSearch: textOnly<{ tab?: string }>,
  component: lazyRouteComponent(
    patient(() => import("../pages/CollectionPage")),
    "CollectionPage",
  ),
});

const sources = createRoute({
  getParentRoute: () => root,
  path: "/sources",
  validateSearch: textOnly<{ name?: string }>,
  component: lazyRouteComponent(
    patient(() => import("../pages/SourcesPage")),
    "SourcesPage",
  ),
});

const jobs = createRoute({
  getParentRoute: () => root,
  path: "/jobs",
  component: lazyRouteComponent(
    patient(() => import("../pages/JobsPage")),
    "JobsPage",
  ),
});

const system = createRoute({
  getParentRoute: () => root,
  path: "/system",
  component: lazyRouteComponent(
    patient(() => import("../pages/SystemPage")),
    "SystemPage",
  ),
});

export const router = createRouter({
  routeTree: root.addChildren([datasets, dataset, dashboards, dashboard, collection, sql, sources, jobs, system]),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const set = Object.entries(search as Record<string, unknown>).filter(
      ([, value]) => value !== undefined && value !== "",
    );
    const text = new URLSearchParams(set.map(([name, value]) => [name, String(value)])).toString();
    return text ? `?${text}` : "";
  },
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
