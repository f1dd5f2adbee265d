#include "storage/parquet/page_cursor.hpp"

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/exception.h>

#include <cstring>

#include "storage/parquet/hybrid_reader.hpp"

namespace canvasback {

PageCursor::PageCursor(OpenPages open, bool nullable, OnDictionary on_dictionary)
    : open_(std::move(open)), nullable_(nullable), on_dictionary_(std::move(on_dictionary)) {}

PageCursor::~PageCursor() = default;

parquet::PageReader& PageCursor::pages() {
  if (pages_) return *pages_;
  pages_ = open_();
  pages_->set_data_page_filter([this](const parquet::DataPageStats& page) {
    if (page.num_values < 0 || pass_over_ < page.num_values) return false;
    pass_over_ -= page.num_values;
    return true;
  });
  return *pages_;
}

bool PageCursor::load() {
  while (row_ == rows_) {
    page_ = pages().NextPage();
    if (!page_) {
      rows_ = row_ = 0;
      return false;
    }
    if (page_->type() == parquet::PageType::DICTIONARY_PAGE) {
      on_dictionary_(static_cast<const parquet::DictionaryPage&>(*page_));
    } else if (page_->type() == parquet::PageType::DATA_PAGE || page_->type() == parquet::PageType::DATA_PAGE_V2) {
      open_page(static_cast<const parquet::DataPage&>(*page_));
    }
  }
  return true;
}

std::int64_t PageCursor::skip_pages(std::int64_t rows) {
  pass_over_ = rows;
  if (!load() && pass_over_ > 0) throw parquet::ParquetException("a column chunk is shorter than its footer says");
  return std::exchange(pass_over_, 0);
}

// Takes the definition levels off the front of a page's bytes.
std::span<const std::uint8_t> PageCursor::level_bytes(std::span<const std::uint8_t>& bytes,
                                                      const parquet::DataPage& page) const {
  std::size_t before = 0;
  std::uint32_t length = 0;
  if (page.type() == parquet::PageType::DATA_PAGE_V2) {
    const auto& second = static_cast<const parquet::DataPageV2&>(page);
    if (second.repetition_levels_byte_length() < 0 || second.definition_levels_byte_length() < 0) {
      throw parquet::ParquetException("a page with levels of negative size");
    }
    // A flat column has none; some writers leave an empty run of them, which says nothing.
    before = static_cast<std::size_t>(second.repetition_levels_byte_length());
    if (bytes.size() < before) throw parquet::ParquetException("repetition levels longer than their page");
    length = static_cast<std::uint32_t>(second.definition_levels_byte_length());
  } else if (nullable_) {
    if (static_cast<const parquet::DataPageV1&>(page).definition_level_encoding() != parquet::Encoding::RLE) {
      throw parquet::ParquetException("definition levels in an encoding other than RLE");
    }
    before = sizeof length;
    if (bytes.size() < before) throw parquet::ParquetException("a page without its definition levels");
    std::memcpy(&length, bytes.data(), before);
  }
  if (bytes.size() - before < length) throw parquet::ParquetException("definition levels longer than their page");
  const auto levels = bytes.subspan(before, length);
  bytes = bytes.subspan(before + length);
  return levels;
}

void PageCursor::open_page(const parquet::DataPage& page) {
  if (page.num_values() < 0 || page.size() < 0) throw parquet::ParquetException("a page of negative size");
  std::span<const std::uint8_t> bytes(page.data(), static_cast<std::size_t>(page.size()));
  const auto levels = level_bytes(bytes, page);
  rows_ = page.num_values();
  row_ = 0;
  nulls_ = 0;
  if (nullable_) {
    valid_.assign(static_cast<std::size_t>(arrow::bit_util::BytesForBits(rows_)), 0);
    nulls_ = rows_ - HybridReader(levels, 1).read_bits(valid_.data(), 0, rows_);
  }
  encoding_ = page.encoding();
  values_ = bytes;
  changed_ = true;
}

std::int64_t PageCursor::values_in(std::int64_t rows) const {
  return nulls_ == 0 ? rows : arrow::internal::CountSetBits(valid_.data(), row_, rows);
}

}  // namespace canvasback
