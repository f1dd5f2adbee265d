#include "transport/http/routes/whole_answer.hpp"

#include "base/limits.hpp"

namespace canvasback::http {
namespace {

asio::awaitable<Result<WholeAnswer>> read_whole(Result<std::unique_ptr<Answer>> opened) {
  using Out = Result<WholeAnswer>;
  if (!opened) co_return Out(std::unexpected(opened.error()));
  WholeAnswer out;
  while (true) {
    TaskEvent event = co_await (*opened)->next();
    if (event.kind == TaskEvent::Kind::Failed) co_return Out(std::unexpected(event.error));
    if (event.kind == TaskEvent::Kind::Data) out.body += event.bytes;
    if (out.body.size() > limits::kProfileBytesMax) {
      (*opened)->cancel(CancelReason::Client);
      co_return Out(fail(ErrorCode::PayloadTooLarge, "The records are too large for one document; request fewer."));
    }
    if (event.kind == TaskEvent::Kind::Done || event.last) {
      out.metrics = event.info.at("metrics");
      co_return std::move(out);
    }
  }
}

// The end of a JSON value that begins an object or array at `at`.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  int depth = 0;
  bool in_string = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

asio::awaitable<Result<WholeAnswer>> whole_answer(QueryService& queries, Connection& connection, SqlRunRequest run) {
  run.output.content_encoding.clear();
  connection.set_on_gone([&queries] { queries.cancel_gone(); });
  auto opened = co_await queries.sql(std::move(run), connection.gone());
  auto out = co_await read_whole(std::move(opened));
  connection.set_on_gone(nullptr);
  co_return out;
}

asio::awaitable<Result<WholeAnswer>> whole_answer(QueryService& queries, Connection& connection, RowsRequest rows) {
  rows.output.content_encoding.clear();
  connection.set_on_gone([&queries] { queries.cancel_gone(); });
  auto opened = co_await queries.rows(std::move(rows), connection.gone());
  auto out = co_await read_whole(std::move(opened));
  connection.set_on_gone(nullptr);
  co_return out;
}

std::string_view first_of_data(std::string_view document) {
  // Names of columns stand in strings, whose quotes are escaped: this can only be the member.
  constexpr std::string_view kMember = "\"data\":[";
  const std::size_t found = document.find(kMember);
  if (found == std::string_view::npos) return {};
  std::size_t at = found + kMember.size();
  while (at < document.size() && (document[at] == ' ' || document[at] == '\n')) ++at;
  if (at >= document.size() || document[at] != '{') return {};
  return document.substr(at, end_of_value(document, at) - at);
}

}  // namespace canvasback::http
