//go:build probe

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"

	"github.com/wailsapp/wails/v2/pkg/runtime"
)

// prepareProbe lets a test look into the window: each line of stdin is the body of an async function that the page runs,
// and what it returns comes as a line of JSON on stdout. Only in a build for tests.
func prepareProbe(app *desktop) {
	answers := make(chan json.RawMessage, 1)
	var writing sync.Mutex
	app.relay.Handle("/desktop/probe", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answers <- body
		w.WriteHeader(http.StatusNoContent)
	})
	go func() {
		lines := bufio.NewReader(os.Stdin)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			var script string
			if json.Unmarshal([]byte(line), &script) != nil || app.context == nil {
				continue
			}
			runtime.WindowExecJS(app.context, fmt.Sprintf(`(async () => { %s })().then(
				(value) => ({ value: value ?? null }), (error) => ({ error: String(error) })
			).then((answer) => fetch("/desktop/probe", { method: "POST", body: JSON.stringify(answer) }))`, script))
			answer := <-answers
			writing.Lock()
			fmt.Printf("%s\n", answer)
			writing.Unlock()
		}
	}()
	fmt.Printf("{\"server_pid\": %d}\n", app.server.PID())
}
