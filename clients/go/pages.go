package canvasback

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Column is a column's name and SQL type.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Page is some rows as exact values: nil, bool, json.Number, string, []any, map[string]any. Integers beyond 2^53 and
// decimals are strings with all their digits.
type Page struct {
	Columns []Column `json:"columns"`
	Rows    [][]any  `json:"rows"`
	// TotalRows of the whole selection; nil where it is not known, an estimate unless TotalExact.
	TotalRows  *int64 `json:"total_rows"`
	TotalExact bool   `json:"total_exact"`
	// Next leads to the page after this one; empty on the last page.
	Next string `json:"next"`
	// LeftOut names the files that could not be read and are missing here.
	LeftOut []string `json:"left_out"`
	Metrics Metrics  `json:"performance_metrics"`
	// Truncated: of a statement, its Limit left rows out. Of a dataset, Next says it.
	Truncated bool `json:"-"`
}

// Page returns one page of a selection. `after` is the Next of the page before (CursorExpired where the dataset has
// changed since), empty for the first; Selection.Limit is its size.
func (client *Client) Page(ctx context.Context, dataset string, selection Selection, after string) (*Page, error) {
	query, err := selection.query()
	if err != nil {
		return nil, err
	}
	query.Set("format", "json")
	if after != "" {
		query.Set("after", after)
		query.Del("offset")
	}
	page := &Page{}
	path := "/api/v1/datasets/" + url.PathEscape(dataset) + "/rows"
	if _, err := client.document(ctx, request{method: http.MethodGet, path: path, query: query}, page); err != nil {
		return nil, err
	}
	return page, nil
}

// Pages iterates over all pages of a selection; Selection.Limit is the size of a page (1,000 where it is 0).
func (client *Client) Pages(ctx context.Context, dataset string, selection Selection) iter.Seq2[*Page, error] {
	if selection.Limit == 0 {
		selection.Limit = 1000
	}
	return func(yield func(*Page, error) bool) {
		for after := ""; ; {
			page, err := client.Page(ctx, dataset, selection, after)
			if !yield(page, err) || err != nil || page.Next == "" {
				return
			}
			after = page.Next
		}
	}
}

// QueryPage runs one SELECT and returns its rows as exact values. Without Limit it has all rows, so that a large result
// is better streamed (Query).
func (client *Client) QueryPage(ctx context.Context, sql string, options ...QueryOption) (*Page, error) {
	wanted, made, err := client.statementRequest(sql, "json", options)
	if err != nil {
		return nil, err
	}
	page := &Page{}
	if _, err := client.document(ctx, made, page); err != nil {
		return nil, err
	}
	if wanted.Limit > 0 && int64(len(page.Rows)) > wanted.Limit {
		page.Rows, page.Truncated = page.Rows[:wanted.Limit], true
	}
	return page, nil
}

// Dataset is what is known of a dataset without reading its rows.
type Dataset struct {
	Name    string          `json:"name"`
	Source  string          `json:"source"`
	Kind    string          `json:"kind"`    // parquet, csv, json, arrow
	Version string          `json:"version"` // changes with the files
	Rows    *int64          `json:"rows"`    // nil where only a scan tells
	Bytes   int64           `json:"bytes"`
	Files   int64           `json:"files"`
	Columns []DatasetColumn `json:"columns"`
	// Error is there where the dataset cannot be read.
	Error *struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// DatasetColumn has a column's bounds and NULLs as the footers of the files say them, nil where they do not.
type DatasetColumn struct {
	Column
	Min       *string `json:"min"`
	Max       *string `json:"max"`
	NullCount *int64  `json:"null_count"`
}

// Datasets lists what the server has. Columns are left to Dataset.
func (client *Client) Datasets(ctx context.Context) ([]Dataset, error) {
	var list struct {
		Datasets []Dataset `json:"datasets"`
	}
	_, err := client.document(ctx, request{method: http.MethodGet, path: "/api/v1/datasets"}, &list)
	return list.Datasets, err
}

// Dataset describes one dataset.
func (client *Client) Dataset(ctx context.Context, name string) (*Dataset, error) {
	dataset := &Dataset{}
	path := "/api/v1/datasets/" + url.PathEscape(name)
	if _, err := client.document(ctx, request{method: http.MethodGet, path: path}, dataset); err != nil {
		return nil, err
	}
	return dataset, nil
}

// Health is the server's state.
type Health struct {
	Status  string  `json:"status"` // ok, degraded, failing
	Version string  `json:"version"`
	UptimeS float64 `json:"uptime_s"`
	Tasks   struct {
		Running int `json:"running"`
		Waiting int `json:"waiting"`
	} `json:"tasks"`
}

// Health asks how the server is.
func (client *Client) Health(ctx context.Context) (*Health, error) {
	health := &Health{}
	if _, err := client.document(ctx, request{method: http.MethodGet, path: "/health"}, health); err != nil {
		return nil, err
	}
	return health, nil
}
