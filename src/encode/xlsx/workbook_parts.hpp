// The parts of a workbook that are not rows, as XML: relations, content types, properties, styles, the frame around a
// sheet's rows, the list of sheets. As Excel 2016 and later write them, less what is optional.
// Source: ECMA-376 part 1 (SpreadsheetML) and part 2 (packages).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "encode/encoder.hpp"
#include "encode/xlsx/notes.hpp"
#include "encode/xlsx/sheet_plan.hpp"

namespace canvasback::xlsx {

struct SheetInfo {
  std::string name;
  std::int64_t rows = 0;  // with the header
  bool data = true;       // false: the notes
};

inline constexpr std::string_view kRootRelationsName = "_rels/.rels";
inline constexpr std::string_view kCoreName = "docProps/core.xml";
inline constexpr std::string_view kAppName = "docProps/app.xml";
inline constexpr std::string_view kCustomName = "docProps/custom.xml";
inline constexpr std::string_view kWorkbookName = "xl/workbook.xml";
inline constexpr std::string_view kWorkbookRelationsName = "xl/_rels/workbook.xml.rels";
inline constexpr std::string_view kStylesName = "xl/styles.xml";
inline constexpr std::string_view kSharedStringsName = "xl/sharedStrings.xml";
inline constexpr std::string_view kContentTypesName = "[Content_Types].xml";
std::string sheet_part_name(std::size_t number);  // from 1
// Behind the name stands a blank, for programs that count rows by searching for "<row ".
inline constexpr std::string_view kRowOpen = "<row >";

std::string root_relations_xml();
std::string core_xml(const DocumentInfo& document);
std::string custom_xml(const DocumentInfo& document);
std::string app_xml(const std::vector<SheetInfo>& sheets);
std::string workbook_xml(const std::vector<SheetInfo>& sheets, int columns);
std::string workbook_relations_xml(std::size_t sheets, bool shared_strings);
std::string content_types_xml(std::size_t sheets, bool shared_strings);
std::string styles_xml(const SheetPlan& plan);

// Up to and with the header row. first: the sheet that is open when the workbook is.
std::string sheet_head(const SheetPlan& plan, bool first);
// rows: with the header. text_columns: those whose texts may look like numbers, which is no mistake.
std::string sheet_tail(const SheetPlan& plan, std::int64_t rows, const std::vector<int>& text_columns);

std::string notes_sheet(const Notes& notes, const SheetPlan& plan, std::int64_t& rows);

std::string shared_strings_head(std::int64_t cells, std::uint32_t words);
void append_shared_string(TextWriter& out, std::string_view text);
inline constexpr std::string_view kSharedStringsTail = "</sst>";

// "A", "Z", "AA" … of 0, 25, 26 …
std::string column_letters(int column);
// A sheet's name as Excel allows it: at most 31 characters, none of : \ / ? * [ ], no quote at an end, not "History".
// number: 1, or what makes the further sheets of a dataset distinct: "orders", "orders (2)".
std::string sheet_name(std::string_view title, std::size_t number);

}  // namespace canvasback::xlsx
