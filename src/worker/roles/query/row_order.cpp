#include "worker/roles/query/row_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "base/radix_sort.hpp"
#include "base/work_pieces.hpp"

namespace canvasback {
namespace {

constexpr std::uint64_t kKeyBytes = 8;           // of each column and row
constexpr std::uint64_t kWorkBytes = 1 + 8 + 8;  // of each row: whether it is NULL, a word and its spare
constexpr int kKeyBits = 32;  // at once: a word has a row's number in its lower half, and a piece of its key above

void in_shares(std::size_t size, int threads, const auto& work) {
  const auto count = static_cast<std::size_t>(std::max(threads, 1));
  in_threads(count, [&](std::size_t i) { work(size * i / count, size * (i + 1) / count); });
}

}  // namespace

Result<std::optional<RowOrder>> RowOrder::read(const Dataset& dataset, const RowOrderOptions& options,
                                               const CancelToken& cancel) {
  const auto rows = static_cast<std::size_t>(dataset.rows);
  const std::uint64_t row_bytes = kKeyBytes * options.sort.size() + kWorkBytes;
  if (rows > UINT32_MAX || rows * row_bytes > options.bytes_max) return std::optional<RowOrder>();
  RowOrder order(rows, options.threads);
  for (const SortKey& column : options.sort) {
    CANVASBACK_ASSIGN(auto keys, read_sort_keys(dataset, column, options.threads, cancel));
    if (!keys) return std::optional<RowOrder>();
    order.columns_.push_back(std::move(*keys));
  }
  return std::optional(std::move(order));
}

bool RowOrder::before(std::uint32_t left, std::uint32_t right) const {
  for (const SortKeys& column : columns_) {
    if (column.keys[left] != column.keys[right]) return column.keys[left] < column.keys[right];
  }
  return left < right;
}

std::vector<std::int64_t> RowOrder::first(std::size_t count) const {
  count = std::min(count, rows_);
  const auto less = [this](std::uint32_t left, std::uint32_t right) { return before(left, right); };
  // Candidates pile up to a few times as many as are wanted; then only the first of them stay.
  const std::size_t pile = std::max<std::size_t>(8 * count, 8192);
  std::vector<std::uint32_t> found;
  const auto cut = [&] {
    std::ranges::nth_element(found, found.begin() + static_cast<std::ptrdiff_t>(count), less);
    found.resize(count);
  };
  // Of the first column's keys, of rows that may still be among the first: an equal one only where another column may
  // put it before those that are there.
  std::uint64_t bound = UINT64_MAX;
  bool bounded = false;
  const bool equals_may = columns_.size() > 1;
  for (std::size_t row = 0; row < rows_ && count > 0; ++row) {
    const std::uint64_t key = columns_[0].keys[row];
    if (bounded && (key > bound || (key == bound && !equals_may))) continue;
    found.push_back(static_cast<std::uint32_t>(row));
    if (found.size() < pile) continue;
    cut();
    bounded = true;
    bound = 0;
    for (std::uint32_t kept : found) bound = std::max(bound, columns_[0].keys[kept]);
  }
  if (found.size() > count) cut();
  std::ranges::sort(found, less);
  return {found.begin(), found.end()};
}

Result<std::vector<std::uint32_t>> RowOrder::all(const CancelToken& cancel) && {
  std::vector<std::uint64_t> words(rows_);
  std::vector<std::uint64_t> spare;
  std::iota(words.begin(), words.end(), std::uint64_t{0});
  for (; !columns_.empty(); columns_.pop_back()) {
    const SortKeys& column = columns_.back();
    for (int first = 0; first < column.bits; first += kKeyBits) {
      CANVASBACK_TRY(cancel.check());
      in_shares(rows_, threads_, [&](std::size_t from, std::size_t end) {
        for (std::uint64_t& word : std::span(words).subspan(from, end - from)) {
          const auto row = static_cast<std::uint32_t>(word);
          word = (column.keys[row] >> first) << kKeyBits | row;
        }
      });
      radix_sort(words, spare, {kKeyBits, std::min(kKeyBits, column.bits - first)}, threads_);
    }
  }
  CANVASBACK_TRY(cancel.check());
  std::vector<std::uint32_t> order(rows_);
  in_shares(rows_, threads_, [&](std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) order[i] = static_cast<std::uint32_t>(words[i]);
  });
  return order;
}

}  // namespace canvasback
