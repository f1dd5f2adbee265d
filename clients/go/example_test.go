package canvasback_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"canvasback"

	"github.com/apache/arrow-go/v18/arrow/array"
)

// The examples of docs/go.md, as they stand there. TestMain serves what they read.

var (
	ctx    = context.Background()
	client *canvasback.Client
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func init() {
	canvasback.OnServed = append(canvasback.OnServed, func(address string) { client = must(canvasback.New(address)) })
}

func ExampleClient_Query() {
	stream, err := client.Query(ctx, "SELECT count(*) AS n FROM orders WHERE country = $1", canvasback.Parameters("Malta"))
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	for stream.Next() {
		fmt.Println(stream.RecordBatch().Column(0))
	}
	if err := stream.Err(); err != nil {
		log.Fatal(err)
	}
	// Output: [40000]
}

func ExampleClient_Stream() {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	stream, err := client.Stream(ctx, "orders", canvasback.Selection{
		Columns: []string{"id", "amount"},
		Filter:  map[string]any{"amount": map[string]any{"op": "gt", "value": "99.99"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	sum := int64(0)
	for batch, err := range stream.Batches() {
		if err != nil {
			log.Fatal(err)
		}
		for _, id := range batch.Column(0).(*array.Int64).Int64Values() {
			sum += id
		}
	}
	fmt.Println(stream.Rows(), "rows, sum of ids", sum)
	// Output: 140 rows, sum of ids 14142310
}

func ExampleClient_Query_limit() {
	stream, err := client.Query(ctx, "SELECT * FROM orders", canvasback.Limit(1000))
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	for stream.Next() {
		// use stream.RecordBatch()
	}
	if err := stream.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stream.Rows(), "rows; more left out:", stream.Truncated())
	// Output: 1000 rows; more left out: true
}

func ExampleClient_Pages() {
	newest := []canvasback.SortKey{{Column: "id", Descending: true}}
	selection := canvasback.Selection{Columns: []string{"id"}, Sort: newest, Limit: 3}
	for page, err := range client.Pages(ctx, "orders", selection) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Rows, "of", *page.TotalRows)
		break
	}
	// Output: [[199999] [199998] [199997]] of 200000
}

func ExampleError() {
	_, err := client.Query(ctx, "SELECT nosuch FROM orders")
	var problem *canvasback.Error
	if errors.As(err, &problem) && errors.Is(err, canvasback.QueryInvalid) {
		fmt.Println(problem.Status, problem.Code, "at byte", *problem.Position)
	}
	// Output: 400 QueryInvalid at byte 7
}

func ExampleIngest() {
	type reading struct {
		ID    string  `json:"id"`
		Value float64 `json:"value"`
	}
	readings := []reading{{"a1", 20.5}, {"a2", 21.25}}
	stored, err := canvasback.Ingest(ctx, client, "readings", readings, canvasback.IngestOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored.Records, "records in", stored.Collection)
	// Output: 2 records in readings
}

func ExampleView_Rows() {
	connection, err := client.Connect(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	newest := []canvasback.SortKey{{Column: "id", Descending: true}}
	view, err := connection.Open(ctx, canvasback.ViewSpec{Dataset: "orders", Sort: newest})
	if err != nil {
		log.Fatal(err)
	}
	wanted := canvasback.WindowRequest{From: 100_000, To: 100_003, Columns: []string{"id"}}
	for window, err := range view.Rows(ctx, wanted) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(window.From, window.Batch.Column(0))
	}
	// Output: 100000 [99999 99998 99997]
}
