// The command `publish`: dashboards as a folder that any static host serves.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/nearest_name.hpp"
#include "base/text.hpp"
#include "net/http_probe.hpp"
#include "query/dashboard_fields.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/git_site.hpp"
#include "server/terminal.hpp"
#include "service/publish/publish_service.hpp"
#include "service/publish/site_check.hpp"

namespace canvasback {
namespace fs = std::filesystem;
namespace {

// A dashboard as it was named, and its text.
struct NamedText {
  std::string name;
  std::string path;  // for messages
  std::string text;
};

bool is_yaml(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

// What the command line names: files of dashboards, datasets, and names of dashboards.
struct Named {
  std::vector<std::string> files;
  std::vector<std::string> datasets;
  std::vector<std::string> names;
};

Named sorted_out(const std::vector<std::string>& words) {
  Named out;
  for (const std::string& word : words) {
    std::error_code error;
    if (is_yaml(word)) {
      out.files.push_back(word);
    } else if (word.find('=') != std::string::npos || word.find('/') != std::string::npos ||
               word.find('*') != std::string::npos || fs::exists(word, error)) {
      out.datasets.push_back(word);
    } else {
      out.names.push_back(word);
    }
  }
  return out;
}

Result<NamedText> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::InvalidData, fmt::format("{} cannot be read.", path));
  return NamedText{fs::path(path).stem().string(), path, std::string(std::istreambuf_iterator<char>(in), {})};
}

Result<std::vector<NamedText>> texts_of(const Named& named, const Config& config) {
  std::vector<NamedText> out;
  for (const std::string& path : named.files) {
    CANVASBACK_ASSIGN(NamedText one, read_file(path));
    out.push_back(std::move(one));
  }
  const DashboardFiles files(config.text("data") + "/dashboards");
  for (const std::string& name : named.names) {
    auto file = files.read(name);
    if (!file) {
      std::vector<std::string> known;
      for (const DashboardFile& one : files.list()) known.push_back(one.name);
      return fail(ErrorCode::InvalidData, fmt::format("There is no dashboard \"{}\".{} A file must end with .yaml.",
                                                      name, meant(nearest_name(name, known))));
    }
    out.push_back({name, name, std::move(file->text)});
  }
  std::vector<std::string> seen;
  for (const NamedText& one : out) {
    if (std::ranges::find(seen, one.name) != seen.end()) {
      return fail(ErrorCode::InvalidData, fmt::format("Two dashboards have the name \"{}\".", one.name));
    }
    seen.push_back(one.name);
  }
  return out;
}

// What is wrong with a file, as a compiler says it.
Status told(const NamedText& text, const DashboardProblems& problems) {
  std::string out;
  for (const DashboardProblem& problem : problems) {
    const char* kind = problem.is_warning ? "warning" : "error";
    out += fmt::format("{}:{}:{}: {}: {}\n", text.path, problem.line, problem.column, kind, problem.message);
  }
  if (!out.empty()) std::fputs(out.c_str(), stderr);
  if (!has_errors(problems)) return {};
  return fail(ErrorCode::InvalidData, fmt::format("The dashboard {} has errors.", text.name));
}

Result<std::vector<PublishItem>> checked(Runtime& runtime, std::vector<NamedText> texts) {
  std::vector<PublishItem> out;
  for (NamedText& text : texts) {
    RequestContext context;
    context.received_ns = monotonic_ns();
    CheckedDashboard dashboard =
        runtime.run(runtime.dashboards().check(text.text, {}, std::move(context), CancelToken()));
    CANVASBACK_TRY(told(text, dashboard.problems));
    out.push_back({text.name, std::move(dashboard.document)});
  }
  return out;
}

Result<std::vector<Json>> periods_of(const std::string& text) {
  std::vector<Json> out;
  for (const std::string& word : split(text, ',')) {
    const std::string name(trim(word));
    if (name.empty()) continue;
    CANVASBACK_TRY(period_from_json(name));
    out.emplace_back(name);
  }
  return out;
}

std::string text_of(const PublishedReport& report) {
  std::string out = fmt::format("{}: {}{}\n", report.name, report.title, report.reused ? " (unchanged)" : "");
  std::uint64_t bytes = 0;
  for (const PublishedPart& part : report.parts) bytes += static_cast<std::uint64_t>(part.bytes);
  out += fmt::format("  {:>10}  page\n  {:>10}  answers\n", human_bytes(static_cast<std::uint64_t>(report.page_bytes)),
                     human_bytes(static_cast<std::uint64_t>(report.answer_bytes)));
  for (const PublishedPart& part : report.parts) {
    out += fmt::format("  {:>10}  {}\n", human_bytes(static_cast<std::uint64_t>(part.bytes)), part.what);
  }
  out += fmt::format("  {:>10}  in {} rollups\n", human_bytes(bytes), report.parts.size());
  for (const std::string& one : report.unavailable) out += fmt::format("  not available: {}\n", one);
  for (const std::string& one : report.withheld) out += fmt::format("  private: {}\n", one);
  return out;
}

std::string text_of(const PublishReport& report, const std::string& folder) {
  std::string out;
  for (const PublishedReport& dashboard : report.dashboards) out += text_of(dashboard);
  if (report.unchanged) {
    return out + fmt::format("{}: nothing changed, generation {}; 0 data files written\n", folder, report.generation);
  }
  return out + fmt::format("{}: generation {}; {} data files written, {}; {} files in all, {} removed\n", folder,
                           report.generation, report.files_written,
                           human_bytes(static_cast<std::uint64_t>(report.bytes_written)), report.files,
                           report.files_removed);
}

// What would leave: every column, and as what.
Status list_columns(const std::vector<PublishItem>& items) {
  std::vector<std::vector<std::string>> rows;
  for (const PublishItem& item : items) {
    CANVASBACK_ASSIGN(const PublishedDashboard published, published_dashboard(item.document));
    for (const PublishedColumn& column : published.columns) {
      rows.push_back({item.name, column.metrics, column.column, column.use});
    }
    for (const std::string& withheld : published.withheld) {
      std::fprintf(stderr, "%s: private: %s\n", item.name.c_str(), withheld.c_str());
    }
  }
  return print(
      render_table({{"dashboard", "", false}, {"metrics", "", false}, {"column", "", false}, {"leaves as", "", false}},
                   rows, terminal_width()));
}

Status check(const std::string& url) {
  const std::vector<SiteFinding> findings = check_site(url, http::probe);
  std::string out;
  for (const SiteFinding& one : findings) {
    const char* word = one.level == SiteFinding::Level::Good   ? "good"
                       : one.level == SiteFinding::Level::Note ? "note"
                                                               : "wrong";
    out += fmt::format("{:<6} {}\n", word, one.what);
    if (!one.advice.empty()) out += fmt::format("       {}\n", one.advice);
  }
  CANVASBACK_TRY(print(out));
  if (is_usable(findings)) return {};
  return fail(ErrorCode::InvalidData, "The site cannot be read as it is served: see what is wrong above.");
}

Status publish(const CommandOptions& options) {
  if (!options.check_url.empty()) {
    if (options.paths.empty() && options.out.empty()) return check(options.check_url);
    return fail(ErrorCode::InvalidData, "--check tries a site that is published already: give its address alone.");
  }
  const Named named = sorted_out(options.paths);
  if (named.files.empty() && named.names.empty()) {
    return fail(ErrorCode::InvalidData, "Name a dashboard: a file that ends with .yaml, or one of the data folder.");
  }
  if (options.out.empty() && !options.dry_run) {
    return fail(ErrorCode::InvalidData, "Say where to: --to FOLDER, or --dry-run to see which columns would leave.");
  }
  if (options.git_history && options.git_branch.empty()) {
    return fail(ErrorCode::InvalidData, "--git-history is of --git-branch.");
  }
  PublishOptions wanted;
  wanted.folder = options.out;
  wanted.title = options.title;
  wanted.timeout_ms = limits::kMaxTimeout.count();  // nobody waits for it as for an answer
  if (!options.timezone.empty()) wanted.timezone = options.timezone;
  CANVASBACK_ASSIGN(wanted.periods, periods_of(options.periods));
  if (!options.budget.empty()) {
    CANVASBACK_ASSIGN(const std::uint64_t bytes, parse_bytes(options.budget));
    constexpr std::uint64_t kLeast = 1'048'576;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 34;
    if (bytes < kLeast || bytes > kMost) return fail(ErrorCode::InvalidData, "--budget must be from 1MiB to 16GiB.");
    wanted.budget_bytes = static_cast<std::int64_t>(bytes);
  }
  CANVASBACK_ASSIGN(const Config config, load_config(options));
  CANVASBACK_ASSIGN(std::vector<NamedText> texts, texts_of(named, config));
  CommandOptions only_datasets = options;
  only_datasets.paths = named.datasets;
  CANVASBACK_ASSIGN(std::vector<DatasetSource> sources, dataset_sources(only_datasets, config));
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, std::move(sources)));
  CANVASBACK_ASSIGN(std::vector<PublishItem> items, checked(*runtime, std::move(texts)));
  if (options.dry_run) return list_columns(items);
  std::optional<GitSite> branch;
  if (!options.git_branch.empty()) {
    CANVASBACK_ASSIGN(branch, open_git_site({options.out, options.git_branch, options.git_history}));
    wanted.folder = branch->folder;
  }
  PublishService service(runtime->queries(), runtime->datasets(), runtime->dashboards().answers());
  const bool shows = is_terminal(2);
  const auto progress = [&](const std::string& what) {
    if (shows) std::fprintf(stderr, "%s\n", what.c_str());
  };
  CANVASBACK_ASSIGN(const PublishReport report,
                    runtime->run(service.publish(std::move(items), std::move(wanted), progress, CancelToken())));
  CANVASBACK_TRY(print(text_of(report, options.out)));
  if (!branch) return {};
  const std::string message = fmt::format("Publish generation {}", report.generation);
  CANVASBACK_ASSIGN(const std::string commit, commit_git_site(*branch, message));
  return print(commit.empty() ? fmt::format("{}: the branch has these files already\n", branch->branch)
                              : fmt::format("{}: commit {}\n", branch->branch, commit));
}

}  // namespace

int run_publish(const CommandOptions& options) { return report(publish(options)); }

}  // namespace canvasback
