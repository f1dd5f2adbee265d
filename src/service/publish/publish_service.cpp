#include "service/publish/publish_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "base/text_list.hpp"
#include "query/rollup_plan.hpp"
#include "service/dashboard/metrics_datasets.hpp"
#include "service/dashboard/rollup_sections.hpp"
#include "service/publish/host_rules.hpp"
#include "service/publish/site_files.hpp"
#include "task/rollup_task.hpp"

namespace canvasback {
namespace {

// Whatever changes what is made of the same source is another number here.
constexpr int kMakeVersion = 1;
constexpr std::int64_t kPartsOfBudget = 16;   // one file of days has at most such a part of it,
constexpr std::int64_t kDetailsOfBudget = 2;  // one of details such
constexpr std::int64_t kDayUs = 86'400'000'000;

Json period_of(const Json& document) {
  return document.at("period").is_null() ? Json("last_30_days") : document.at("period");
}

RollupNeeds needs_of(const PublishedDashboard& published, const MetricsModel& model) {
  return rollup_needs(published.dashboard, model, filters_of(published.document, published.dashboard));
}

std::string words_of(const Json& rollup) {
  std::vector<std::string> names = texts_of(rollup.at("dimensions"));
  const std::string grain(rollup.at("grain").as_string());
  if (grain != "none") names.insert(names.begin(), grain);
  std::string out = fmt::format("{}", fmt::join(names, " × "));
  if (names.empty()) out = "total";
  if (rollup.find("sketch") != nullptr)
    out += fmt::format(" ({} of {})", rollup.at("kind").as_string(), rollup.at("sketch").as_string());
  const std::string order(rollup.at("order").as_string());
  if (!order.empty()) out += order == "value" ? ", by value" : fmt::format(", by {}", order.substr(1));
  return out;
}

std::string words_of_unavailable(const Json& unavailable) {
  const Json& names = unavailable.at("dimensions");
  std::string out = names.as_array().empty() ? "total" : fmt::format("{}", fmt::join(texts_of(names), " × "));
  if (unavailable.find("sketch") != nullptr) out += fmt::format(" of {}", unavailable.at("sketch").as_string());
  return fmt::format("{}: {}", out, unavailable.at("reason").as_string());
}

// A tile's error as a reader sees it.
Json problem_of(const Error& error) {
  Json out;
  out.set("title", title_of(error.code));
  out.set("detail", error.message);
  return out;
}

std::string answers_text(const DashboardAnswers& answers) {
  JsonWriter out;
  out.begin_object().key("models").begin_array();
  for (const DashboardAnswers::Model& model : answers.models) {
    if (model.head != nullptr) out.raw(*model.head);
  }
  out.end_array().key("tiles").begin_array();
  for (const TileAnswer& tile : answers.tiles) {
    out.begin_object().member("tile", tile.tile ? Json(*tile.tile) : Json());
    if (tile.answer != nullptr) out.key("answer").raw(*tile.answer);
    if (tile.error) out.member("error", problem_of(*tile.error));
    out.end_object();
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace

// What the dashboards of one publish have in common.
struct PublishService::Site {
  PublishOptions options;
  OnProgress on_progress;
  CancelToken cancel;
  SiteFolder folder;
  SiteIndex next;
  PublishReport report;
  Json first_page;  // what index.html begins with
  Json first_answers;

  void use(const std::string& file) {
    if (std::ranges::find(next.files, file) == next.files.end()) next.files.push_back(file);
  }
  // What was made of this before, if all its files are there.
  std::optional<Json> made_before(const std::string& key) const {
    const Json* made = folder.index().made_of.find(key);
    if (made == nullptr) return std::nullopt;
    for (const Json& file : made->at("files").as_array()) {
      if (!folder.has(std::string(file.as_string()))) return std::nullopt;
    }
    return *made;
  }
  void remember(const std::string& key, const Json& made) {
    for (const Json& file : made.at("files").as_array()) use(std::string(file.as_string()));
    next.made_of.set(key, made);
  }
};

// One dashboard.
struct PublishService::Page {
  const PublishItem& item;
  PublishedDashboard published;
  PublishedReport report;
  Json answers = Json::Array{};
  bool reused = true;
};

asio::awaitable<Status> PublishService::make_rollups(Page& page, const MetricsModel& model, Site& site, Json& out) {
  RollupWork work;
  work.model = model;
  work.timezone = model.timezone.empty() ? site.options.timezone : std::string();
  work.now_us = wall_us();
  work.period = period_of(page.published.document);
  work.compare = page.published.dashboard.compare;
  work.needs = needs_of(page.published, model);
  work.bytes_max = site.options.budget_bytes;
  work.part_bytes_max = site.options.budget_bytes / kPartsOfBudget;
  work.detail_bytes_max = site.options.budget_bytes / kDetailsOfBudget;
  auto source = metrics_datasets(model, datasets_);
  if (!source) co_return Status(std::unexpected(source.error()));
  RequestContext context;
  context.received_ns = monotonic_ns();
  context.timeout_ms = site.options.timeout_ms;
  RunningQuery entry{0, "publish", page.item.name, "parquet", 0, "waiting", nullptr, site.cancel};
  Task task = task_of(std::move(work), context, OutputOptions());
  auto answer = co_await queries_.run(std::move(task), std::move(source->datasets), Lane::General, std::move(entry));
  if (!answer) co_return Status(std::unexpected(answer.error()));
  Json rollups = Json::Array{};
  Json unavailable = Json::Array{};
  Json files = Json::Array{};
  RollupSections sections([&](Json line, std::string bytes) -> Status {
    if (line.find("rollup") != nullptr) {
      CANVASBACK_ASSIGN(const std::string name, site.folder.add(std::move(bytes), "parquet"));
      Json rollup = line.at("rollup");
      rollup.set("file", name);
      rollups.push(std::move(rollup));
      files.push(name);
    } else if (line.find("unavailable") != nullptr) {
      unavailable.push(line.at("unavailable"));
    } else {
      out = std::move(line);
    }
    return {};
  });
  while (true) {
    TaskEvent event = co_await (*answer)->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Status(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) {
      if (Status status = sections.feed(event.bytes); !status) co_return status;
    }
    if (event.kind == TaskEvent::Kind::Done) break;
  }
  if (Status status = sections.finish(); !status) co_return status;
  out.set("rollups", std::move(rollups));
  out.set("unavailable", std::move(unavailable));
  out.set("files", std::move(files));
  co_return Status();
}

asio::awaitable<Result<Json>> PublishService::model_of(Page& page, const MetricsModel& model, Site& site) {
  Json made;
  const std::int64_t day = model.until_now ? wall_us() / kDayUs : 0;
  const std::string key = sha256_hex(
      fmt::format("rollups\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", kMakeVersion, CANVASBACK_VERSION,
                  metrics_version(model, datasets_), model.document.dump(),
                  to_json(needs_of(page.published, model)).dump(), period_of(page.published.document).dump(),
                  name_of(page.published.dashboard.compare), site.options.timezone, site.options.budget_bytes, day));
  const std::string short_key = key.substr(0, 32);
  if (auto before = site.made_before(short_key)) {
    made = std::move(*before);
  } else {
    page.reused = false;
    if (Status status = co_await make_rollups(page, model, site, made); !status) {
      co_return Result<Json>(std::unexpected(status.error()));
    }
  }
  site.remember(short_key, made);
  for (const Json& rollup : made.at("rollups").as_array()) {
    page.report.parts.push_back({words_of(rollup), rollup.at("bytes").as_int()});
  }
  for (const Json& unavailable : made.at("unavailable").as_array()) {
    page.report.unavailable.push_back(words_of_unavailable(unavailable));
  }
  Json out = Json::Object{};
  for (const auto& [name, value] : made.as_object()) {
    if (name != "files") out.set(name, value);
  }
  co_return Result<Json>(std::move(out));
}

asio::awaitable<Status> PublishService::add_answers(Page& page, const Json& period, Site& site) {
  const Dashboard& dashboard = page.published.dashboard;
  std::string versions;
  bool until_now = false;
  for (const MetricsModel& model : dashboard.models) {
    versions += metrics_version(model, datasets_) + "\n";
    until_now = until_now || model.until_now;
  }
  const std::string key =
      sha256_hex(fmt::format("answers\n{}\n{}\n{}\n{}\n{}\n{}\n{}", kMakeVersion, CANVASBACK_VERSION, versions,
                             page.published.document.dump(), period.dump(), site.options.timezone,
                             until_now ? wall_us() / kDayUs : 0))
          .substr(0, 32);
  Json made;
  if (auto before = site.made_before(key)) {
    made = std::move(*before);
  } else {
    page.reused = false;
    TileQuestions asked;
    asked.context.received_ns = monotonic_ns();
    asked.context.timeout_ms = site.options.timeout_ms;
    asked.period = period;
    asked.choices.period = period;
    asked.choices.timezone = site.options.timezone;
    for (std::size_t i = 0; i < dashboard.tiles.size(); ++i) {
      TileQuestion question;
      question.tile = static_cast<std::int64_t>(i);
      if (dashboard.tiles[i].type != "text") {
        question.model = dashboard.model_of(dashboard.tiles[i]);
        question.query = metrics_query_of(dashboard.tiles[i], dashboard, asked.choices);
      }
      asked.questions.push_back(std::move(question));
    }
    const DashboardAnswers answers = co_await answers_.answer(std::move(asked), site.cancel);
    if (Status status = site.cancel.check(); !status) co_return status;
    std::string text = answers_text(answers);
    made.set("bytes", static_cast<std::int64_t>(text.size()));
    auto name = site.folder.add(std::move(text), "json");
    if (!name) co_return Status(std::unexpected(name.error()));
    made.set("file", *name);
    made.set("files", text_list({*name}));
  }
  site.remember(key, made);
  Json entry;
  entry.set("period", period);
  entry.set("file", made.at("file"));
  entry.set("bytes", made.at("bytes"));
  page.answers.push(std::move(entry));
  page.report.answer_bytes += made.at("bytes").as_int();
  co_return Status();
}

asio::awaitable<Status> PublishService::publish_dashboard(const PublishItem& item, Site& site) {
  auto published = published_dashboard(item.document);
  if (!published) co_return Status(std::unexpected(published.error()));
  Page page{item, std::move(*published), {}};
  page.report.name = item.name;
  page.report.title = page.published.dashboard.title;
  page.report.withheld = page.published.withheld;
  site.on_progress(page.report.title);
  Json models = Json::Array{};
  for (const MetricsModel& model : page.published.dashboard.models) {
    auto made = co_await model_of(page, model, site);
    if (!made) {
      Error error = made.error();
      error.message = fmt::format("{}: {}", item.name, error.message);
      co_return Status(std::unexpected(std::move(error)));
    }
    models.push(std::move(*made));
  }
  std::vector<Json> periods{period_of(page.published.document)};
  for (const Json& period : site.options.periods) {
    const auto is_it = [&](const Json& one) { return one.dump() == period.dump(); };
    if (std::ranges::none_of(periods, is_it)) periods.push_back(period);
  }
  for (const Json& period : periods) {
    if (Status status = co_await add_answers(page, period, site); !status) co_return status;
  }
  Json document;
  document.set("format", 1);
  document.set("name", item.name);
  document.set("document", page.published.shown);
  document.set("timezone", site.options.timezone);
  document.set("models", std::move(models));
  document.set("answers", page.answers);
  if (site.first_page.is_null()) {
    site.first_page = document;
    site.first_answers = page.answers.as_array().front();
  }
  std::string text = document.dump();
  SiteDashboard entry{
      item.name, page.report.title, page.published.dashboard.description, {}, static_cast<std::int64_t>(text.size())};
  page.report.page_bytes = entry.page_bytes;
  auto name = site.folder.add(std::move(text), "json");
  if (!name) co_return Status(std::unexpected(name.error()));
  entry.page = *name;
  site.use(*name);
  site.next.dashboards.push_back(std::move(entry));
  page.report.reused = page.reused;
  site.report.dashboards.push_back(std::move(page.report));
  co_return Status();
}

Status PublishService::finish(Site& site) {
  std::vector<SitePage> pages = host_rules();
  for (const SiteFile& file : embedded::site_files) {
    const std::string name(file.path.substr(1));
    if (name == "index.html") continue;
    if (is_site_file(name)) {
      CANVASBACK_TRY(site.folder.add_named(name, std::string(file.body)));
      site.use(name);
    } else {
      pages.push_back({name, std::string(file.body)});
    }
  }
  SiteIndex& next = site.next;
  if (next.title.empty()) next.title = next.dashboards.front().title;
  CANVASBACK_TRY(site.folder.flush());
  // The first answers are in the folder by now, whoever wrote them.
  CANVASBACK_ASSIGN(const std::string answers,
                    site.folder.text_of(std::string(site.first_answers.at("file").as_string())));
  const bool same = is_same_site(site.folder.index(), next);
  next.generation = site.folder.index().generation;
  next.published = site.folder.index().published;
  next.previous = site.folder.index().previous;
  if (!same) {
    follow(site.folder.index(), next);
    next.published = iso_time(wall_us() / 1'000'000 * 1'000'000);
  }
  JsonWriter inlined;
  inlined.begin_object().member("index", to_json(next)).member("page", site.first_page);
  inlined.key("answers").raw(answers).end_object();
  CANVASBACK_ASSIGN(std::string html, site_html(site_index_html(), inlined.text()));
  pages.push_back({"index.html", std::move(html)});
  site.report.unchanged = same;
  site.report.files = static_cast<std::int64_t>(next.files.size());
  site.report.generation = next.generation;
  CANVASBACK_TRY(same ? site.folder.keep(next.made_of, pages) : site.folder.publish(next, pages));
  site.report.files_written = site.folder.files_written();
  site.report.bytes_written = site.folder.bytes_written();
  site.report.files_removed = site.folder.files_removed();
  return {};
}

asio::awaitable<Result<PublishReport>> PublishService::publish(std::vector<PublishItem> items, PublishOptions options,
                                                               OnProgress on_progress, CancelToken cancel) {
  using Out = Result<PublishReport>;
  auto folder = SiteFolder::open(options.folder);
  if (!folder) co_return Out(std::unexpected(folder.error()));
  Site site{std::move(options), std::move(on_progress), std::move(cancel), std::move(*folder), {}, {}, {}, {}};
  site.next.title = site.options.title;
  for (const PublishItem& item : items) {
    if (Status status = co_await publish_dashboard(item, site); !status) co_return Out(std::unexpected(status.error()));
  }
  if (Status status = finish(site); !status) co_return Out(std::unexpected(status.error()));
  co_return Out(std::move(site.report));
}

}  // namespace canvasback
