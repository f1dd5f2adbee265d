#include "server/standard_input.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.hpp"
#include "server/terminal.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kBeginning = 4096;
constexpr std::size_t kPiece = 1 << 20;

// Up to so many bytes, fewer only at the end.
Result<std::string> read_piece(std::size_t size) {
  std::string out(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(STDIN_FILENO, out.data() + filled, size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(file::error_from(errno, "read", "standard input"));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  out.resize(filled);
  return out;
}

Result<std::string> keep_standard_input(const std::string& folder) {
  CANVASBACK_ASSIGN(std::string piece, read_piece(kBeginning));
  CANVASBACK_ASSIGN(const std::string extension, format_of_beginning(piece));
  const std::string path = fmt::format("{}/stdin.{}", folder, extension);
  CANVASBACK_ASSIGN(const UniqueFd out, file::create(path));
  while (!piece.empty()) {
    CANVASBACK_TRY(file::write(out.get(), piece, path));
    CANVASBACK_ASSIGN(piece, read_piece(kPiece));
  }
  return path;
}

}  // namespace

Result<std::string> format_of_beginning(std::string_view bytes) {
  const auto begins = [&](std::string_view magic) { return bytes.starts_with(magic); };
  if (bytes.empty()) return fail(ErrorCode::InvalidData, "Standard input is empty.");
  if (begins("PAR1")) return std::string("parquet");
  if (begins("ARROW1") || begins("\xff\xff\xff\xff")) return std::string("arrow");
  if (begins("\x1f\x8b") || begins("\x28\xb5\x2f\xfd") || begins("PK\x03\x04")) {
    return fail(ErrorCode::InvalidData, "Standard input is compressed: decompress it in the pipe, as with zcat.");
  }
  if (begins("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  const bool is_json = first != std::string_view::npos && (bytes[first] == '{' || bytes[first] == '[');
  return std::string(is_json ? "json" : "csv");
}

Result<std::string> StandardInput::take() {
  if (folder_) return fail(ErrorCode::InvalidData, "Standard input (-) can be read once.");
  if (is_terminal(STDIN_FILENO)) {
    return fail(ErrorCode::InvalidData, "- reads standard input, which is a terminal: pipe data into it.");
  }
  CANVASBACK_ASSIGN(folder_, TemporaryFolder::make("canvasback-stdin-"));
  return keep_standard_input(folder_->path());
}

Result<DatasetSource> StandardInput::source_of(const std::string& argument) {
  const std::size_t equals = argument.rfind("=-");
  const bool is_named = equals != std::string::npos && equals > 0 && equals + 2 == argument.size();
  if (argument != "-" && !is_named) return dataset_source_from(argument);
  CANVASBACK_ASSIGN(const std::string path, take());
  return dataset_source(is_named ? argument.substr(0, equals) : std::string("stdin"), path);
}

}  // namespace canvasback
