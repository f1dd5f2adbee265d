// The command profile: what the columns of files are like, as a table with small histograms or in any row format.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.hpp"
#include "base/exact_number.hpp"
#include "base/format_names.hpp"
#include "base/text.hpp"
#include "net/http_client.hpp"
#include "server/command_support.hpp"
#include "server/commands.hpp"
#include "server/profile_table.hpp"
#include "server/terminal.hpp"

namespace canvasback {
namespace {

struct Wanted {
  AnalysisRequest request;
  bool table = false;
};

// table on a terminal, csv in a pipe.
Result<Wanted> wanted_of(const CommandOptions& options) {
  Wanted out;
  std::string format = options.format;
  if (format.empty()) format = options.out.empty() && is_terminal(STDOUT_FILENO) ? "table" : "csv";
  out.table = format == "table";
  if (out.table && !options.out.empty()) {
    return fail(ErrorCode::InvalidData, "--format table is for the terminal; choose another with --out.");
  }
  out.request.analysis.kind = Analysis::Kind::Profile;
  out.request.analysis.profile_type = options.type.empty() ? "profile" : options.type;
  out.request.output.format = out.table ? "json" : format;
  out.request.output.compression = options.compression;
  if (!options.columns.empty()) {
    CANVASBACK_ASSIGN(out.request.selection.columns, parse_columns(options.columns));
  }
  if (!options.filter.empty()) {
    CANVASBACK_ASSIGN(out.request.selection.filter, Json::parse(long_numbers_kept(options.filter, LongNumbers::Text)));
  }
  return out;
}

std::string profile_target(const CommandOptions& options, const Wanted& wanted, const std::string& name) {
  std::string target = fmt::format("/api/v1/datasets/{}/profile?format={}&type={}", percent_encode(name),
                                   wanted.request.output.format, percent_encode(wanted.request.analysis.profile_type));
  for (const auto& [parameter, value] :
       {std::pair{"columns", options.columns}, {"filter", options.filter}, {"compression", options.compression}}) {
    if (!value.empty()) target += fmt::format("&{}={}", parameter, percent_encode(value));
  }
  return target;
}

Status show(const Wanted& wanted, std::string bytes, bool first, Output& output) {
  if (wanted.table) {
    CANVASBACK_ASSIGN(Json document, Json::parse(bytes));
    const std::string text = (first ? "" : "\n") + render_profile(document, terminal_width());
    return print(text);
  }
  // One JSON document a line.
  if (wanted.request.output.format == "json") bytes += '\n';
  return output.write(bytes);
}

Status profile(const CommandOptions& options) {
  CANVASBACK_ASSIGN(Wanted wanted, wanted_of(options));
  if (options.paths.size() > 1 && !wanted.table && wanted.request.output.format != "json") {
    return fail(ErrorCode::InvalidData, "Several profiles at once need --format table or json.");
  }
  CANVASBACK_ASSIGN(Output output, Output::open(options.out));
  bool first = true;
  if (!options.server.empty()) {
    for (const std::string& name : options.paths) {
      std::string body;
      http::ClientRequest request{options.server, "GET", profile_target(options, wanted, name), {}, {}};
      CANVASBACK_TRY(http::fetch(request, [&](std::string_view bytes) {
        body += bytes;
        return Status();
      }));
      CANVASBACK_TRY(show(wanted, std::move(body), first, output));
      first = false;
    }
    return output.finish();
  }
  std::vector<DatasetSource> sources;
  std::vector<std::string> names;
  for (const std::string& path : options.paths) {
    CANVASBACK_ASSIGN(DatasetSource source, options.standard_input->source_of(path));
    names.push_back(source.name);
    sources.push_back(std::move(source));
  }
  CANVASBACK_ASSIGN(std::unique_ptr<Runtime> runtime, one_shot_runtime(options, std::move(sources)));
  for (const std::string& name : names) {
    AnalysisRequest request = wanted.request;
    request.dataset = name;
    request.context.received_ns = monotonic_ns();
    CANVASBACK_ASSIGN(CachedAnswer answer, runtime->run(runtime->analyses().profile(request, CancelToken())));
    CANVASBACK_TRY(show(wanted, *answer.bytes, first, output));
    first = false;
  }
  return output.finish();
}

}  // namespace

int run_profile(const CommandOptions& options) { return report(profile(options)); }

}  // namespace canvasback
