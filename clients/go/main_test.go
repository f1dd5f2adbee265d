package canvasback

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// The tests run on the program itself: CANVASBACK_BIN, build/release/bin/canvasback where it is not set. TestMain makes
// the files and serves them.

const (
	ordersRows = 200_000
	wideRows   = 6_000_000 // some 190 MB of Arrow
	ordersSQL  = `SELECT i AS id, ['Malta', 'Kenya', 'Chile', NULL, ''][i %% 5 + 1] AS country,
		((i * 37) %% 10007 / 100)::DECIMAL(10, 2) AS amount, TIMESTAMP '2024-01-01' + INTERVAL (i) MINUTE AS at
		FROM range(%d) t(i)`
	wideSQL = `SELECT i AS a, i * 7 AS b, i * 0.5::DOUBLE AS c, hash(i) %% 1000003 AS d FROM range(%d) t(i)`
)

var (
	address string
	// OnServed is called with the address before the tests: for the examples, which are in a package of their own.
	OnServed []func(string)
)

func program() string {
	if named := os.Getenv("CANVASBACK_BIN"); named != "" {
		return named
	}
	return "../../build/release/bin/canvasback"
}

func makeParquet(file, sql string) error {
	command := exec.Command(program(), "query", sql, "--format", "parquet", "--out", file)
	command.Stderr = os.Stderr
	return command.Run()
}

// serve starts a server with its own data folder; its address, and what ends it.
func serve(folder string, arguments ...string) (string, func(), error) {
	arguments = append([]string{"serve"}, arguments...)
	arguments = append(arguments, "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "data"))
	command := exec.Command(program(), arguments...)
	output, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(folder, "log.txt"))
	if err != nil {
		return "", nil, err
	}
	command.Stderr = log
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop := func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		_ = log.Close()
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text()); found != "" {
			go io.Copy(io.Discard, output)
			return found, stop, nil
		}
	}
	stop()
	told, _ := os.ReadFile(log.Name())
	return "", nil, fmt.Errorf("the server did not start: %s", told)
}

func run(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "canvasback-go-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	files := map[string]string{
		"orders.parquet":     fmt.Sprintf(ordersSQL, ordersRows),
		"wide.parquet":       fmt.Sprintf(wideSQL, wideRows),
		"parts/good.parquet": "SELECT 1 AS a UNION ALL SELECT 2",
	}
	if err := os.Mkdir(filepath.Join(folder, "parts"), 0o755); err != nil {
		return 1, err
	}
	for name, sql := range files {
		if err := makeParquet(filepath.Join(folder, name), sql); err != nil {
			return 1, fmt.Errorf("%s by %s: %w", name, program(), err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "parts/bad.parquet"), []byte("PAR1 not PAR1"), 0o600); err != nil {
		return 1, err
	}
	served := []string{}
	for _, name := range []string{"orders", "wide"} {
		served = append(served, name+"="+filepath.Join(folder, name+".parquet"))
	}
	found, stop, err := serve(folder, append(served, "parts="+filepath.Join(folder, "parts"))...)
	if err != nil {
		return 1, err
	}
	defer stop()
	address = found
	for _, call := range OnServed {
		call(address)
	}
	return m.Run(), nil
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func connect(t testing.TB) *Client {
	t.Helper()
	client, err := New(address)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func background(t testing.TB) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(stop)
	return ctx
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
