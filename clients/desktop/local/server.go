package local

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	programName  = "canvasback"
	startTimeout = 30 * time.Second
	stopTimeout  = 10 * time.Second
	restartPause = 200 * time.Millisecond
	restartsMax  = 5
)

// Program finds the server: CANVASBACK_BIN, beside the app, or on PATH.
func Program() (string, error) {
	if named := os.Getenv("CANVASBACK_BIN"); named != "" {
		return named, nil
	}
	if own, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(own), programName)
		if _, err := os.Stat(beside); err == nil {
			return beside, nil
		}
	}
	found, err := exec.LookPath(programName)
	if err != nil {
		return "", fmt.Errorf("the program %s is neither beside the app nor on PATH; CANVASBACK_BIN may name it", programName)
	}
	return found, nil
}

// Server is the private server of local files. It listens on loopback, on a port that each start chooses anew, and is
// started again when it ends by itself.
type Server struct {
	// Program, Data: what is run, and the folder where its collections are.
	Program, Data string
	// OnAddress is called with the address after each start.
	OnAddress func(address string)
	// Log takes what the server writes to stderr.
	Log io.Writer

	mutex   sync.Mutex
	process *process
	closed  bool
}

type process struct {
	command *exec.Cmd
	address string
	files   []string
	ended   chan struct{}
	wanted  bool // its end is
}

var addressPattern = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// Open serves these files, folders or globs in place of those before, and returns the address.
func (server *Server) Open(files []string) (string, error) {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	if server.closed {
		return "", errors.New("the app is closing")
	}
	// One data folder has one server: the one before ends first. The window reconnects meanwhile.
	server.end()
	return server.start(files)
}

// start runs under the mutex.
func (server *Server) start(files []string) (string, error) {
	arguments := append([]string{"serve"}, files...)
	arguments = append(arguments, "--listen", "127.0.0.1:0", "--data", server.Data)
	command := exec.Command(server.Program, arguments...)
	command.Stderr = server.Log
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // never outlives the app
	output, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("the server cannot be started: %w", err)
	}
	started := &process{command: command, files: files, ended: make(chan struct{})}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			if found := addressPattern.FindString(lines.Text()); found != "" {
				select {
				case address <- found:
				default:
				}
			}
		}
		_ = command.Wait()
		close(started.ended)
		server.ended(started)
	}()
	select {
	case started.address = <-address:
	case <-started.ended:
		return "", fmt.Errorf("the server does not start with %s", strings.Join(files, ", "))
	case <-time.After(startTimeout):
		started.wanted = true
		_ = command.Process.Kill()
		return "", errors.New("the server takes too long to start")
	}
	server.process = started
	if server.OnAddress != nil {
		server.OnAddress(started.address)
	}
	return started.address, nil
}

// ended starts a server again that ended by itself.
func (server *Server) ended(which *process) {
	for try := 0; try < restartsMax; try++ {
		time.Sleep(restartPause << try)
		server.mutex.Lock()
		if server.closed || which.wanted || server.process != which {
			server.mutex.Unlock()
			return
		}
		_, err := server.start(which.files)
		server.mutex.Unlock()
		if err == nil {
			return
		}
		fmt.Fprintln(server.Log, err)
	}
}

// end stops the present process and waits for it; under the mutex.
func (server *Server) end() {
	present := server.process
	server.process = nil
	if present == nil {
		return
	}
	present.wanted = true
	_ = present.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-present.ended:
	case <-time.After(stopTimeout):
		_ = present.command.Process.Kill()
		<-present.ended
	}
}

// PID is the process id of the present server, 0 where there is none.
func (server *Server) PID() int {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	if server.process == nil {
		return 0
	}
	return server.process.command.Process.Pid
}

// Close ends the server.
func (server *Server) Close() {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	server.closed = true
	server.end()
}

// Address of the present server, "" where there is none.
func (server *Server) Address() string {
	server.mutex.Lock()
	defer server.mutex.Unlock()
	if server.process == nil {
		return ""
	}
	return server.process.address
}
