// Shared strings: words that a workbook holds once, its cells naming them by number. Which columns share is found out
// as rows come: a column does while it brings few new words (limits.hpp); a word that the bounded table has no room for
// stands in its cells. Words get their numbers in row order, so the same rows give the same numbers.
//
// BlockWords (the words of one column in one block) is made on any thread. SharedStrings::add is called for one block
// after the other, in order, never at the same time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback::xlsx {

inline constexpr std::uint32_t kNoWord = 0xffffffff;

// The distinct words of some rows in the order they first appear, and each row's word.
class BlockWords {
 public:
  void clear(std::size_t rows);
  // Rows come in order, nulls by add_null. The text must live as long as the words are used.
  void add(std::string_view text);
  void add_null() { rows_.push_back(kNoWord); }

  const std::vector<std::string_view>& words() const { return words_; }
  // Whether a word can be shared: one that is cut, escaped or replaced stands in its cells, where that is counted.
  bool is_plain(std::size_t word) const { return plain_[word]; }
  std::uint32_t hash(std::size_t word) const { return hashes_[word]; }
  const std::vector<std::uint32_t>& rows() const { return rows_; }  // an index in words() or kNoWord
  std::int64_t cells() const { return cells_; }                     // rows that are not null

 private:
  struct Place {
    std::uint32_t hash;
    std::uint32_t word;
  };
  void grow();

  std::vector<Place> places_;  // open addressing; a power of two
  std::vector<std::uint32_t> hashes_;
  std::vector<std::string_view> words_;
  std::vector<bool> plain_;
  std::vector<std::uint32_t> rows_;
  std::int64_t cells_ = 0;
};

class SharedStrings {
 public:
  explicit SharedStrings(std::size_t columns);

  // Once false, false for good. Any thread may ask; a block is bound only by what add() says.
  bool may_share(std::size_t column) const { return sharing_[column].load(std::memory_order_relaxed); }
  // The column is none of text.
  void never(std::size_t column) { sharing_[column].store(false, std::memory_order_relaxed); }

  // The numbers of a block's words, kNoWord for those that stand in their cells; empty where the column has stopped
  // sharing before this block.
  void add(std::size_t column, const BlockWords& block, std::vector<std::uint32_t>& numbers);

  std::uint32_t size() const { return static_cast<std::uint32_t>(texts_.size()); }
  std::string_view word(std::uint32_t number) const;
  std::size_t bytes() const;                                // memory held
  std::uint64_t text_bytes() const { return text_bytes_; }  // of all words together

 private:
  std::uint32_t number_of(std::string_view text, std::uint32_t hash, bool& is_new);
  bool grow();

  struct Column {
    std::int64_t cells = 0;
    std::int64_t new_words = 0;
  };
  std::vector<Column> columns_;
  std::unique_ptr<std::atomic<bool>[]> sharing_;
  struct Place {
    std::uint32_t hash;
    std::uint32_t number;
  };
  std::vector<Place> places_;
  std::vector<std::unique_ptr<char[]>> pages_;  // the words' characters
  char* page_at_ = nullptr;                     // the free rest of the last page
  std::size_t page_left_ = 0;
  std::size_t pages_bytes_ = 0;
  std::uint64_t text_bytes_ = 0;
  std::vector<std::string_view> texts_;
};

// A hash for tables in memory, another one in each process: nobody can choose words that collide.
std::uint32_t hash_word(std::string_view text);

}  // namespace canvasback::xlsx
