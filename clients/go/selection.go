package canvasback

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SortKey is one column of an order. NULLs come last either way; ties keep the order of the files.
type SortKey struct {
	Column     string `json:"column"`
	Descending bool   `json:"descending"`
}

// Selection says which rows and columns of a dataset. The zero value is all of it.
type Selection struct {
	// Columns in this order; all where it is empty.
	Columns []string
	// Filter as docs/api.md has it: anything that marshals to its JSON, such as
	// map[string]any{"amount": map[string]any{"op": "gt", "value": "10.50"}}.
	Filter any
	Sort   []SortKey
	// Sample is "1%" or "10000 rows"; the same Seed gives the same rows.
	Sample string
	Seed   int64
	Offset int64
	// Limit is the largest number of rows; 0 is no limit. Whether it left rows out: Stream.Truncated, Page.Next.
	Limit int64
	// Timeout after which the server answers QueryTimeout; 0 is the server's own.
	Timeout time.Duration
	// SkipUnreadable and FailOnUnreadable say what happens when a file cannot be read; by default as the server has it
	// for the dataset. The skipped files are named: LeftOut.
	SkipUnreadable   bool
	FailOnUnreadable bool
}

// quoted is a column's name as the parameters columns and sort have it.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func sortText(keys []SortKey) string {
	parts := make([]string, len(keys))
	for i, key := range keys {
		parts[i] = quoted(key.Column)
		if key.Descending {
			parts[i] = "-" + parts[i]
		}
	}
	return strings.Join(parts, ",")
}

func (selection Selection) unreadable() string {
	switch {
	case selection.FailOnUnreadable:
		return "fail"
	case selection.SkipUnreadable:
		return "skip"
	}
	return ""
}

// query is the selection as parameters of GET …/rows.
func (selection Selection) query() (url.Values, error) {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	columns := make([]string, len(selection.Columns))
	for i, column := range selection.Columns {
		columns[i] = quoted(column)
	}
	set("columns", strings.Join(columns, ","))
	if selection.Filter != nil {
		filter, err := json.Marshal(selection.Filter)
		if err != nil {
			return nil, fmt.Errorf("canvasback: the filter has no JSON: %w", err)
		}
		set("filter", string(filter))
	}
	set("sort", sortText(selection.Sort))
	set("sample", selection.Sample)
	number := func(name string, value int64) {
		if value != 0 {
			query.Set(name, strconv.FormatInt(value, 10))
		}
	}
	number("seed", selection.Seed)
	number("offset", selection.Offset)
	number("limit", selection.Limit)
	number("timeout_ms", selection.Timeout.Milliseconds())
	set("on_unreadable", selection.unreadable())
	return query, nil
}

// body is the selection as the body of POST …/export, which has room for filters of any length.
func (selection Selection) body() map[string]any {
	body := map[string]any{"format": "arrow"}
	if len(selection.Columns) > 0 {
		body["columns"] = selection.Columns
	}
	if selection.Filter != nil {
		body["filter"] = selection.Filter
	}
	if len(selection.Sort) > 0 {
		body["sort"] = sortText(selection.Sort)
	}
	if selection.Sample != "" {
		body["sample"] = selection.Sample
	}
	number := func(name string, value int64) {
		if value != 0 {
			body[name] = value
		}
	}
	number("seed", selection.Seed)
	number("offset", selection.Offset)
	number("timeout_ms", selection.Timeout.Milliseconds())
	if selection.Limit > 0 {
		body["limit"] = selection.Limit + 1 // one more tells whether there are more
	}
	return body
}
