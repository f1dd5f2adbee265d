// The routes, by area. Each parses, calls one service, and writes bytes.
#pragma once

#include "service/collection/collection_service.hpp"
#include "service/dashboard/dashboard_service.hpp"
#include "service/dataset/dataset_service.hpp"
#include "service/dataset/reading_service.hpp"
#include "service/job/job_service.hpp"
#include "service/pull/pull_schedule.hpp"
#include "service/pull/pull_service.hpp"
#include "service/pull/table_scrub.hpp"
#include "service/pull/table_watch.hpp"
#include "service/query/analysis_service.hpp"
#include "service/query/query_service.hpp"
#include "service/query/tile_service.hpp"
#include "service/schedule/feed_status.hpp"
#include "service/view/view_service.hpp"
#include "transport/http/connection/router.hpp"

namespace canvasback::http {

// What the setting names of the routes of the earlier stacks say.
struct QuerySettings {
  std::int64_t default_limit = 100;  // rows of /query/…
  std::int64_t limit_max = 10'000;
  bool keyset_streams = false;  // stream-arrow-batches, where the request names no strategy
};

struct Services {
  Pool& pool;
  DatasetService& datasets;
  QueryService& queries;
  AnalysisService& analyses;
  TileService& tiles;
  JobService& jobs;
  ViewService& views;
  Metrics& metrics;
  std::int64_t started_us = 0;
  CollectionService* collections = nullptr;  // where there are any
  QuerySettings settings = {};
  const std::vector<FeedStatus>* feeds = nullptr;  // where any are asked
  PullService* pulls = nullptr;                    // with the three below, where there is a data folder
  PullSchedule* pull_schedule = nullptr;
  TableWatch* tables = nullptr;
  DashboardService* dashboards = nullptr;
  ReadingService* readings = nullptr;
  TableScrub* table_scrub = nullptr;
};

void add_system_routes(Router& router, Services services);   // / /health /metrics
void add_dataset_routes(Router& router, Services services);  // /api/v1/datasets…
void add_analyse_routes(Router& router,
                        Services services);                // /api/v1/datasets/{name}/profile, histogram, top, aggregate
void add_query_routes(Router& router, Services services);  // /api/v1/query, /api/v1/queries
void add_job_routes(Router& router, Services services);    // /api/v1/jobs…
void add_seed_routes(Router& router, Services services);   // /data/…
void add_ingest_routes(Router& router, Services services);       // /ingest…
void add_collection_routes(Router& router, Services services);   // /query/… /statistics /files /schema
void add_schema_routes(Router& router, Services services);       // /api/v1/schemas…
void add_record_routes(Router& router, Services services);       // /api/v1/records…
void add_performance_routes(Router& router, Services services);  // /api/v1/high-performance/…
void add_trash_routes(Router& router, Services services);        // DELETE /api/v1/collections/{name}, /api/v1/trash
void add_management_routes(Router& router, Services services);   // /api/v1/collections/{name}/…, POST /api/v1/backup
void add_source_routes(Router& router, Services services);       // /api/v1/sources…
void add_backup_routes(Router& router, Services services);       // /api/v1/backup
void add_reference_routes(Router& router);                       // /openapi.json /docs…
void add_stream_routes(Router& router, Services services);       // /api/v1/stream
void add_dashboard_routes(Router& router, Services services);    // /api/v1/dashboards…
void add_tile_routes(Router& router, Services services);         // /api/v1/datasets/{name}/tile
void add_web_routes(Router& router);                             // the web app's pages and files

// The web app's page, whatever its address; one that says so where the program was built without the app.
asio::awaitable<void> web_page(Connection& connection, Request& request);
bool has_web_app();

// All of them: what `serve` serves, and what protocol/openapi.json describes.
void add_routes(Router& router, Services services);

}  // namespace canvasback::http
