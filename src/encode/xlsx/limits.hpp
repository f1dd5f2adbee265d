// Limits of worksheets (Excel's own, which readers of the format share) and of this writer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace canvasback::xlsx {

inline constexpr std::int64_t kSheetRowsMax = 1'048'576;  // with the header
inline constexpr int kSheetColumnsMax = 16'384;
inline constexpr std::size_t kCellUnitsMax = 32'767;                   // UTF-16 code units of a cell's text
inline constexpr std::size_t kSheetNameMax = 31;                       // characters
inline constexpr std::int64_t kIntegerExactMax = 999'999'999'999'999;  // 15 digits: what Excel shows and keeps

// Days since 1899-12-30. Excel takes 1900 for a leap year, so its first serials stand for other days than ours.
inline constexpr std::int64_t kSerialOfEpoch = 25'569;  // 1970-01-01
inline constexpr std::int64_t kSerialMin = 61;          // 1900-03-01
inline constexpr std::int64_t kSerialMax = 2'958'465;   // 9999-12-31
// From this day (2079-06-06) on a double has fewer than six digits of a second left for the time of day.
inline constexpr std::int64_t kSerialMicrosecondMax = 65'536;

// A block is about so much XML by the look of its schema, and at most so many rows; it has fewer rows where their
// texts hold more than kBlockTextBytesMax.
inline constexpr std::int64_t kBlockXmlBytes = 512 * 1024;
inline constexpr std::int64_t kBlockRowsMin = 8;
inline constexpr std::int64_t kBlockRowsMax = 8'192;
inline constexpr std::int64_t kBlockTextBytesMax = 1024 * 1024;

// Rows that widths and formats are taken from.
inline constexpr std::int64_t kPlanRows = 1'000;

// Shared strings: a column keeps sharing while no more than kSharedStart words plus every kSharedShare-th row's were
// new; all columns together hold at most kSharedBytesMax (words and their table).
inline constexpr std::int64_t kSharedStart = 8'192;
inline constexpr std::int64_t kSharedShare = 2;
inline constexpr std::size_t kSharedBytesMax = 32 * 1024 * 1024;

// A sheet that was not begun as one of ZIP64's ends before its XML reaches this, and another one goes on.
inline constexpr std::uint64_t kPlainEntryBytesMax = 0xffffffff - 64 * 1024;

}  // namespace canvasback::xlsx
