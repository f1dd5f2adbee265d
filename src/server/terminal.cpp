#include "server/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kCellWidthMax = 40;

// Characters, not bytes; wide ones are counted once, which is near enough for alignment.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Control characters (of ASCII, DEL, and U+0080 to U+009F) would move the cursor or worse. Empty: a byte of no
// character.
std::string_view printable(std::string_view character) {
  if (character.empty()) return "\xEF\xBF\xBD";
  const auto first = static_cast<unsigned char>(character[0]);
  const bool control =
      first < 0x20 || first == 0x7f || (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
  return control ? " " : character;
}

std::string cut(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  const bool fits = width_of(text) <= width;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence_length(text.substr(i));
    if (!fits && used + 1 >= width) return out + "…";
    out += printable(text.substr(i, length));
    i += std::max<std::size_t>(length, 1);
    ++used;
  }
  return out;
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  const std::string spaces(width - std::min(width, width_of(text)), ' ');
  return right ? spaces + std::string(text) : std::string(text) + spaces;
}

}  // namespace

std::string render_table(const std::vector<TableColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                         int width) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t wanted = std::max(width_of(columns[i].name), width_of(columns[i].type));
    for (const auto& row : rows) wanted = std::max(wanted, width_of(row[i]));
    widths.push_back(std::min(wanted, kCellWidthMax));
  }
  std::size_t shown = 0;
  std::size_t used = 0;
  while (shown < columns.size() && (shown == 0 || used + widths[shown] + 2 <= static_cast<std::size_t>(width)))
    used += widths[shown++] + 2;
  std::string out;
  auto line = [&](auto cell) {
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) text += padded(cut(cell(i), widths[i]), widths[i], columns[i].right) + "  ";
    out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  };
  line([&](std::size_t i) { return columns[i].name; });
  const bool typed = std::ranges::any_of(columns, [](const TableColumn& column) { return !column.type.empty(); });
  if (typed) line([&](std::size_t i) { return columns[i].type; });
  std::string rule;
  for (std::size_t i = 0; i < shown; ++i) {
    for (std::size_t k = 0; k < widths[i]; ++k) rule += "─";
    if (i + 1 < shown) rule += "  ";
  }
  out += rule.substr(0, rule.find_last_not_of(' ') + 1) + "\n";
  for (const auto& row : rows) line([&](std::size_t i) { return row[i]; });
  if (shown < columns.size()) {
    out += "Not shown:";
    for (std::size_t i = shown; i < columns.size(); ++i) out += " " + columns[i].name;
    out += "\n";
  }
  return out;
}

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 120;
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

bool can_redraw(int fd) {
  const char* kind = std::getenv("TERM");
  return is_terminal(fd) && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

void print_error(const std::string& message) {
  const char* no_color = std::getenv("NO_COLOR");
  const bool red = can_redraw(STDERR_FILENO) && (no_color == nullptr || *no_color == '\0');
  std::fprintf(stderr, "%scanvasback:%s %s\n", red ? "\x1b[1;31m" : "", red ? "\x1b[0m" : "", message.c_str());
}

std::string progress_text(const Json& progress, std::uint64_t bytes_out, double seconds) {
  const double share = std::clamp(progress.at("share").as_double(-1), -1.0, 1.0);
  const std::int64_t rows = progress.at("rows").as_int();
  const double passed = std::max(seconds, 0.001);
  std::string text;
  if (share >= 0) {
    constexpr int kBar = 24;
    const int full = static_cast<int>(share * kBar);
    text += "[";
    for (int i = 0; i < kBar; ++i) text += i < full ? "█" : "·";
    text += fmt::format("] {:3.0f} %, ", share * 100);
  }
  text += with_thousands(rows);
  if (progress.at("rows_expected").is_integer()) {
    text += " of " + with_thousands(progress.at("rows_expected").as_int());
  }
  text += fmt::format(
      " rows ({}/s), {}, {}/s", with_thousands(static_cast<std::int64_t>(static_cast<double>(rows) / passed)),
      human_bytes(bytes_out), human_bytes(static_cast<std::uint64_t>(static_cast<double>(bytes_out) / passed)));
  if (share > 0.01) text += fmt::format(", {:.0f} s left", seconds / share * (1 - share));
  return text;
}

ProgressLine::ProgressLine(std::string label)
    : label_(std::move(label)), active_(can_redraw(STDERR_FILENO)), started_ns_(monotonic_ns()) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::update(const Json& progress, std::uint64_t bytes_out) {
  constexpr std::int64_t kPeriodNs = 100'000'000;
  const std::int64_t now = monotonic_ns();
  if (!active_ || now - drawn_ns_ < kPeriodNs) return;
  drawn_ns_ = now;
  const double seconds = static_cast<double>(now - started_ns_) / 1e9;
  const std::string text = label_ + " " + progress_text(progress, bytes_out, seconds);
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
}

void ProgressLine::clear() {
  if (active_ && drawn_ns_ > 0) std::fprintf(stderr, "\r\x1b[K");
  drawn_ns_ = 0;
}

}  // namespace canvasback
